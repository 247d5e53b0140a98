import { expect, test } from 'vitest';
import { createVirtualClock } from '../../test/support/base/virtualClock.ts';
import { stopWithin } from './stopWithin.ts';

test('a stop that ends in time is waited for, and leaves no timer', async () => {
  const clock = createVirtualClock();
  expect(await stopWithin(clock, 25_000, async () => undefined)).toBe(true);
  expect(clock.pending()).toBe(0);
});

test('a stop that never ends is given up after its limit', async () => {
  const clock = createVirtualClock();
  const stopped = stopWithin(clock, 25_000, () => new Promise(() => undefined));
  await clock.advance(25_000);
  expect(await stopped).toBe(false);
});

test('a stop that fails says so', async () => {
  const clock = createVirtualClock();
  const stopped = stopWithin(clock, 25_000, () => Promise.reject(new Error('why')));
  await expect(stopped).rejects.toThrow('why');
});
