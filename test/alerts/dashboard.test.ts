import { expect, test } from 'vitest';
import { askedOf, readDashboard } from './dashboard.ts';
import { knownMetrics } from './known.ts';
import { metricsOf } from './rules.ts';

const { panels } = await readDashboard();
const known = knownMetrics();
const queries = panels.flatMap(({ title, targets }) => targets.map((it) => ({ title, ...it })));

test('the dashboard answers four questions, and no two panels share a place or an id', () => {
  expect(panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
    'Is it well?',
    'What is it doing?',
    'What did it spend?',
    'What waits?',
  ]);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const places = new Set<string>();
  for (const { gridPos } of panels) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        expect(places.has(`${x} ${y}`)).toBe(false);
        places.add(`${x} ${y}`);
      }
  }
});

test.each(queries)(
  '$title asks for metrics and labels that there are, of the chosen cluster: $expr',
  ({ expr, legendFormat }) => {
    expect(expr).toContain('cluster=~"$cluster"');
    expect(askedOf(expr)).not.toContain('$');
    const used = metricsOf(askedOf(expr));
    expect(used).not.toEqual([]);
    for (const { metric, labels } of used) {
      expect([...known.keys()]).toContain(metric);
      const own = ['cluster', ...(known.get(metric) ?? [])];
      for (const label of Object.keys(labels)) expect(own).toContain(label);
      if (own.includes('class')) expect(labels).toHaveProperty('class');
    }
    const [, by = ''] = /\bby \(([^)]*)\)/.exec(expr) ?? [];
    const kept = by.split(/, */);
    for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
      expect(kept).toContain(label);
      expect(used.flatMap(({ metric }) => known.get(metric) ?? [])).toContain(label);
    }
  },
);
