import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { chartValues } from '../../dev/generate/deploy/chartValues.ts';
import { CHART, type Manifest, render, type Values } from './chart.ts';

const FOLDER = join(import.meta.dirname, 'values');
const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.yaml')).sort();
const texts = await Promise.all(
  files.map(async (file) => [file, await readFile(join(FOLDER, file), 'utf8')] as const),
);
const PROMETHEUS = ['ServiceMonitor', 'PodMonitor', 'PrometheusRule'].map(
  (kind) => `monitoring.coreos.com/v1/${kind}`,
);
const options = { apiVersions: PROMETHEUS };
const valuesOf = (text: string) => parse(text) as Values;
const isFailing = (file: string) => file.startsWith('fails_');

test.each(texts.filter(([file]) => !isFailing(file)))(
  '%s is rendered, the same twice',
  async (_file, text) => {
    const [once, again] = await Promise.all([1, 2].map(() => render(valuesOf(text), options)));
    expect(again).toEqual(once);
    for (const { kind, metadata } of once ?? [])
      expect(nameFits(kind, metadata.name), metadata.name).toBe(true);
    const keys = (once ?? []).map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
    expect(new Set(keys).size).toBe(keys.length);
  },
);

test.each(texts.filter(([file]) => isFailing(file)))(
  '%s is refused, and the key is named',
  async (_file, text) => {
    const said = /^# says: (.+)$/m.exec(text)?.[1];
    await expect(render(valuesOf(text))).rejects.toThrow(said);
    // Which reads the schema by another library.
    await expect(render(valuesOf(text), { major: 3 })).rejects.toThrow();
  },
);

test('there are at least thirty, each with a line on what it is for', () => {
  expect(files.length).toBeGreaterThanOrEqual(30);
  expect(files.filter(isFailing).length).toBeGreaterThan(10);
  expect(texts.filter(([, text]) => !/^# [A-Z].+\.\n/.test(text)).map(([file]) => file)).toEqual([]);
});

test('each key that the schema knows is used by one that is rendered', () => {
  const used = texts.filter(([file]) => !isFailing(file)).map(([, text]) => valuesOf(text));
  const isUsed = (path: readonly string[]) =>
    used.some((values) => path.reduce<unknown>(step, values) !== undefined);
  const idle = chartValues().filter(({ path }) => !isUsed(path));
  expect(idle.map(({ path }) => path.join('.'))).toEqual([]);
});

function step(value: unknown, key: string): unknown {
  const known = typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : new Map();
  return known.get(key);
}

/** DNS labels are cut at 63; names of roles and definitions may be subdomains. */
function nameFits(kind: string, name: string): boolean {
  return /Role|CustomResource/.test(kind)
    ? name.length <= 253
    : /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name);
}

test('monitors are left out where their kinds are not known, and select what they are to', async () => {
  const values = valuesOf(texts.find(([file]) => file === 'monitors.yaml')?.[1] ?? '');
  const kinds = (manifests: readonly Manifest[]) => manifests.map(({ kind }) => kind);
  const without = await render(values);
  expect(kinds(without)).not.toContain('ServiceMonitor');
  expect(kinds(without)).not.toContain('PodMonitor');
  expect(kinds(without).filter((kind) => kind === 'Service')).toHaveLength(1);
  const manifests = await render(values, options);
  const [services, monitor] = [
    manifests.filter(({ kind, metadata }) => kind === 'Service' && metadata.name.endsWith('-metrics')),
    manifests.find(({ kind }) => kind === 'ServiceMonitor'),
  ];
  expect(services.map(({ metadata }) => metadata.name)).toEqual([
    'workspace-operator-controller-metrics',
    'workspace-operator-gateway-metrics',
  ]);
  const wanted = monitor?.spec as { selector: { matchLabels: object }; endpoints: object[] };
  for (const { metadata } of services) expect(metadata.labels).toMatchObject(wanted.selector.matchLabels);
  expect(wanted.endpoints).toEqual([{ port: 'metrics', interval: '15s' }]);
  expect(kinds(manifests)).toContain('PodMonitor');
});

test('values.yaml has the default of each key, and nothing else', async () => {
  const known = new Set(chartValues().map(({ path }) => path.join('.')));
  const defaults = parse(await readFile(join(CHART, 'values.yaml'), 'utf8')) as Values;
  const leaves = (value: unknown, path: string): string[] =>
    known.has(path) || typeof value !== 'object' || value === null
      ? [path]
      : Object.entries(value).flatMap(([key, child]) => leaves(child, path ? `${path}.${key}` : key));
  expect(leaves(defaults, '').sort()).toEqual([...known].sort());
});
