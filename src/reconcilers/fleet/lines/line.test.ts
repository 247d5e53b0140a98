import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFront } from './front.ts';
import { createLine, type Place } from './line.ts';

const place = (index: number): Place => ({ order: String(index).padStart(5, '0'), key: `k${index}` });
const indexes = fc.array(fc.integer({ min: 0, max: 999 }), { maxLength: 1_500, size: 'max' });

test('a line is a sorted list, however long it grows: who comes and goes, who is first and last, who is how far back', () => {
  fc.assert(
    fc.property(indexes, fc.array(fc.integer({ min: 0, max: 999 }), { maxLength: 20 }), (added, asked) => {
      const line = createLine();
      const held = new Set<number>();
      for (const index of added) {
        if (held.delete(index)) line.remove(place(index));
        else {
          held.add(index);
          line.add(place(index));
        }
      }
      const sorted = [...held].sort((a, b) => a - b);
      expect(line.length).toBe(sorted.length);
      expect(line.keys(9_999)).toEqual(sorted.map((index) => `k${index}`));
      expect(line.keys(3)).toEqual(sorted.slice(0, 3).map((index) => `k${index}`));
      expect(line.first()?.key).toBe(sorted[0] === undefined ? undefined : `k${sorted[0]}`);
      expect(line.last()?.key).toBe(sorted.length === 0 ? undefined : `k${sorted.at(-1)}`);
      for (const index of asked) {
        expect(line.ahead(place(index).order)).toBe(sorted.filter((other) => other < index).length);
      }
    }),
    { numRuns: 30 },
  );
});

test('what a line does not hold is not taken from it, nor what another holds under the same order', () => {
  const line = createLine();
  line.remove(place(1));
  line.add(place(1));
  line.remove({ ...place(1), key: 'another' });
  line.remove(place(2));
  expect(line.keys(9)).toEqual(['k1']);
});

test('a front reports once that a Workspace may go, and again only after it could not', () => {
  const steps = fc.array(
    fc.record({
      index: fc.integer({ min: 0, max: 30 }),
      count: fc.integer({ min: -1, max: 8 }),
      settles: fc.boolean(),
    }),
    { maxLength: 200, size: 'max' },
  );
  fc.assert(
    fc.property(steps, (plan) => {
      const front = createFront();
      const held = new Set<number>();
      let mayGo = new Set<string>();
      for (const { index, count, settles } of plan) {
        if (held.delete(index)) front.move(place(index), undefined);
        else {
          held.add(index);
          front.move(undefined, place(index));
        }
        mayGo.delete(`k${index}`);
        if (!settles) continue;
        const { admitted, dropped } = front.settle(count);
        const sorted = [...held].sort((a, b) => a - b).map((other) => `k${other}`);
        const now = new Set(sorted.slice(0, Math.max(0, count)));
        expect(admitted.map(({ key }) => key).sort()).toEqual(
          [...now].filter((key) => !mayGo.has(key)).sort(),
        );
        expect(dropped.map(({ key }) => key).sort()).toEqual(
          [...mayGo].filter((key) => !now.has(key)).sort(),
        );
        mayGo = now;
      }
    }),
  );
});
