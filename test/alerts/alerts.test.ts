import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { metricsDocs } from '../../dev/generate/metricsDocs.ts';
import { metricsOf, readAlerts } from './rules.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SECTIONS = ['Meaning', 'Impact', 'What to look at', 'What to do', 'What not to do'];
const alerts = await readAlerts();

/** The labels of each metric that there is, from its row in the documents, which come from the registry. */
const known = new Map(
  [...metricsDocs().matchAll(/^\| `([a-z0-9_]+)` \| ([^|]*) \|/gm)].map(([, name = '', labels = '']) => [
    name,
    [...labels.matchAll(/`([a-z_]+)`/g)].map(([, label = '']) => label),
  ]),
);

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
    const told = [...`${annotations.summary} ${annotations.description}`.matchAll(/\$labels\.([a-z_]+)/g)];
    // Prometheus adds these two.
    const labels = ['instance', 'job', ...used.flatMap(({ metric }) => known.get(metric) ?? [])];
    for (const [, label] of told) expect(labels, alert).toContain(label);
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
