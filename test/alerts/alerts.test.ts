import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { knownMetrics } from './known.ts';
import { metricsOf, readAlerts } from './rules.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SECTIONS = ['Meaning', 'Impact', 'What to look at', 'What to do', 'What not to do'];
const alerts = await readAlerts();

const known = knownMetrics();

test('the metrics of an expression are found in any context', () => {
  expect(
    metricsOf(
      'sum by (class) (rate(a_seconds_bucket{le="1",reason=~"X|Y"}[5m])) / b_total > 0.1 and on (job) (c - time()) < 7 * 86400 or absent(d)',
    ),
  ).toEqual([
    { metric: 'a_seconds', labels: { le: '1', reason: 'X|Y' } },
    { metric: 'b_total', labels: {} },
    { metric: 'c', labels: {} },
    { metric: 'd', labels: {} },
  ]);
});

test('each alert uses metrics and labels that there are, and says what it is about', () => {
  expect(alerts.length).toBeGreaterThan(14);
  expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
  for (const { alert, expr, annotations } of alerts) {
    const used = metricsOf(expr);
    expect(used, alert).not.toEqual([]);
    for (const { metric, labels } of used) {
      expect([...known.keys()], alert).toContain(metric);
      for (const label of Object.keys(labels))
        expect(known.get(metric), `${alert}: ${metric}`).toContain(label);
    }
    const labelsUsed = [
      ...`${annotations.summary} ${annotations.description}`.matchAll(/\$labels\.([a-z_]+)/g),
    ];
    // Prometheus adds these.
    const labels = [
      'cluster',
      'instance',
      'job',
      'namespace',
      ...used.flatMap(({ metric }) => known.get(metric) ?? []),
    ];
    for (const [, label] of labelsUsed) expect(labels, alert).toContain(label);
  }
});

test('each alert has a runbook, which says what it means, what to do and what not to do; no runbook is without one', async () => {
  const names = (await readdir(join(ROOT, 'docs', 'runbooks'))).map((name) => name.replace(/\.md$/, ''));
  expect(names.sort()).toEqual(alerts.map(({ alert }) => alert).sort());
  for (const { alert, annotations } of alerts) {
    expect(annotations.runbook_url).toBe(`docs/runbooks/${alert}.md`);
    const text = await readFile(join(ROOT, annotations.runbook_url), 'utf8');
    expect(text.startsWith(`# ${alert}\n`)).toBe(true);
    expect(
      [...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title),
      alert,
    ).toEqual(SECTIONS);
    for (const part of text.split(/^## .+$/m).slice(1)) expect(part.trim().length, alert).toBeGreaterThan(20);
  }
});

/** What our metrics begin with. Words of Prometheus' own, Node's and kubelet's are left out. */
const OURS =
  /\b(?:workspace|gateway|leader_election|controller_runtime|workqueue|reflector|rest_client|config_file|events)_[a-z0-9_]*[a-z0-9]\b/g;
/** Words of that form that name something else: an error code, and a table of Postgres. */
const OTHERS = new Set(['workspace_deleting', 'workspace_launch']);

test('no document, runbook or note of the chart names a metric that there is not', async () => {
  const files = [
    'README.md',
    ...(await listed('docs', /\.md$/)),
    ...(await listed(join('deploy', 'chart'), /\.(md|txt|ya?ml|tpl|json)$/)),
  ];
  expect(files.filter((file) => file.includes('runbooks')).length).toBe(alerts.length);
  const unknown = new Set<string>();
  for (const file of files)
    for (const [word] of (await readFile(join(ROOT, file), 'utf8')).matchAll(OURS)) {
      const metric = word.replace(/_(bucket|count|sum)$/, '');
      if (!known.has(word) && !known.has(metric) && !OTHERS.has(word)) unknown.add(`${file}: ${word}`);
    }
  expect([...unknown]).toEqual([]);
});

async function listed(folder: string, wanted: RegExp): Promise<string[]> {
  const entries = await readdir(join(ROOT, folder), { recursive: true });
  return entries.filter((name) => wanted.test(name)).map((name) => join(folder, name));
}
