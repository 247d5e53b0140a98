import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { CHART, type Manifest, render, type Values } from './chart.ts';

const FILE = join(import.meta.dirname, 'values', 'words-of-yaml.yaml');
const PROMETHEUS = ['ServiceMonitor', 'PodMonitor'].map((kind) => `monitoring.coreos.com/v1/${kind}`);
/** Fields whose texts these values choose, with what the API server takes there: nothing but a text. */
const TEXTS = /^(name|namespace|key|secretName|value|image|loadBalancerClass|priorityClassName|interval)$/;
const MAPS = /^(labels|annotations|matchLabels|nodeSelector|selector|data|stringData)$/;

/** Paths of values that are no text where one belongs. */
function notTexts(value: unknown, path: string, isText: boolean): string[] {
  if (Array.isArray(value))
    return value.flatMap((each, index) => notTexts(each, `${path}[${index}]`, isText));
  if (typeof value !== 'object' || value === null)
    return isText && typeof value !== 'string' ? [`${path}: ${value}`] : [];
  const inMap = MAPS.test(path.slice(path.lastIndexOf('.') + 1));
  return Object.entries(value).flatMap(([key, child]) =>
    notTexts(child, `${path}.${key}`, inMap || TEXTS.test(key) || key === 'args'),
  );
}

// Definitions have fields of these names whose values are schemas.
const ours = (manifests: readonly Manifest[]) =>
  manifests.filter(({ kind }) => kind !== 'CustomResourceDefinition');

test.each([3, 4] as const)(
  'with Helm %i a text stays a text, also one that YAML takes for a number or a flag',
  async (major) => {
    const values = parse(await readFile(FILE, 'utf8')) as Values;
    const manifests = ours(
      await render(values, { release: '123', namespace: '456', apiVersions: PROMETHEUS, major }),
    );
    expect(manifests.length).toBeGreaterThan(30);
    expect(manifests.flatMap((it) => notTexts(it, `${it.kind}/${it.metadata.name}`, false))).toEqual([]);
  },
);

test('Helm 3 makes the same manifests as Helm 4', async () => {
  const values = parse(await readFile(FILE, 'utf8')) as Values;
  expect(await render(values, { major: 3 })).toEqual(await render(values, { major: 4 }));
});

test('a chart of a version with a build is labelled with what a label may be', async () => {
  const chart = await mkdtemp(join(tmpdir(), 'built-chart-'));
  try {
    await cp(CHART, chart, { recursive: true, dereference: true });
    const file = join(chart, 'Chart.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replaceAll(/^(version|appVersion): .+$/gm, '$1: 1.2.3+build.5'));
    const manifests = await render({}, { chart });
    const labels = manifests.flatMap(({ metadata }) => Object.values(metadata.labels ?? {}));
    expect(labels).toContain('workspace-operator-1.2.3_build.5');
    expect(
      labels.filter((label) => !/^([a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?)?$/.test(label)),
    ).toEqual([]);
    expect(JSON.stringify(manifests)).toContain('workspace-operator:1.2.3_build.5');
  } finally {
    await rm(chart, { recursive: true, force: true });
  }
});
