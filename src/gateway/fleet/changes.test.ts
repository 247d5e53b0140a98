import { expect, test } from 'vitest';
import { createChanges } from './changes.ts';

test('keeps the last ones, each row’s latest alone, and knows whom it can still serve', () => {
  const changes = createChanges(4);
  expect([changes.latest(), changes.reaches(0), changes.reaches(1), changes.at(1)]).toEqual([
    0,
    true,
    false,
    undefined,
  ]);
  for (const key of ['a', 'b', 'a', 'c']) changes.add({ key });
  expect([0, 1, 2, 3, 4, 5].map((number) => changes.at(number)?.key)).toEqual([
    undefined,
    undefined,
    'b',
    'a',
    'c',
    undefined,
  ]);
  expect(changes.reaches(0)).toBe(true);
  changes.add({ key: 'd', gone: '{}' });
  expect([changes.reaches(0), changes.reaches(1), changes.reaches(5), changes.reaches(6)]).toEqual([
    false,
    true,
    true,
    false,
  ]);
  expect(changes.at(5)).toEqual({ key: 'd', gone: '{}' });
});

test('a long life keeps no more than its bound, also for names of Object.prototype', () => {
  const changes = createChanges(8);
  for (let i = 0; i < 1_000; i += 1) changes.add({ key: `constructor${i % 100}` });
  const kept = Array.from({ length: 1_001 }, (_, number) => changes.at(number)).filter(Boolean);
  expect(kept).toHaveLength(8);
});
