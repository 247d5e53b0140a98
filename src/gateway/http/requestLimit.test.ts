import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { createRequestLimit } from './requestLimit.ts';

const WINDOW_MS = 1_000;

test('each key may send its most within a window that begins with its first request', async () => {
  const step = fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    afterMs: fc.constantFrom(0, 1, 400, 999, 1_000),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 1, max: 4 }),
      async (steps, most) => {
        const clock = createVirtualClock();
        const limit = createRequestLimit({ clock, windowMs: WINDOW_MS, mostKeys: 100 });
        const began = new Map<string, { at: number; sent: number }>();
        for (const { key, afterMs } of steps) {
          await clock.advance(afterMs);
          const now = clock.monotonic();
          const known = began.get(key);
          const window = known && now < known.at + WINDOW_MS ? known : { at: now, sent: 0 };
          window.sent += 1;
          began.set(key, window);
          const waitMs = window.sent > most ? window.at + WINDOW_MS - now : 0;
          expect(limit.count(key, most)).toBe(waitMs);
        }
      },
    ),
  );
});

test('who sends too much is remembered for as long as it goes on, however many others there are', () => {
  const limit = createRequestLimit({ clock: createVirtualClock(), windowMs: WINDOW_MS, mostKeys: 10 });
  limit.count('flood', 1);
  for (let other = 0; other < 1_000; other += 1) {
    limit.count(`other ${other}`, 1);
    expect(limit.count('flood', 1)).toBe(WINDOW_MS);
  }
});

test('of more keys than it keeps, those that were not seen for longest begin again', () => {
  const limit = createRequestLimit({ clock: createVirtualClock(), windowMs: WINDOW_MS, mostKeys: 10 });
  const known = Array.from({ length: 100 }, (_, key) => limit.count(`key ${key}`, 1)).length;
  const counted = Array.from({ length: known }, (_, key) => limit.count(`key ${known - 1 - key}`, 1));
  expect(counted.slice(0, 10).every((waitMs) => waitMs > 0)).toBe(true);
  expect(counted.filter((waitMs) => waitMs > 0).length).toBeLessThanOrEqual(20);
});
