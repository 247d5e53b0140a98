import { expect, test } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { createSoonLookUps } from './soonLookUps.ts';

function setUp(answer: () => Promise<void> = async () => undefined) {
  const clock = createVirtualClock();
  const calls: { at: number; ids: string[] }[] = [];
  const soon = createSoonLookUps(clock, async (asked) => {
    calls.push({ at: clock.monotonic(), ids: asked.map(({ id }) => id) });
    await answer();
  });
  const begun = clock.monotonic();
  return { clock, soon, calls: () => calls.map(({ at, ids }) => [at - begun, ids.length]), raw: calls };
}

test('ten thousand at once are looked up once each, 200 a call, two calls a second', async () => {
  const { clock, soon, calls, raw } = setUp();
  for (let nth = 0; nth < 10_000; nth += 1) soon.ask({ id: `i-${nth}`, expected: 'terminated' }, 500);
  await clock.advance(60_000);
  expect(calls()).toEqual(Array.from({ length: 50 }, (_, nth) => [500 * (nth + 1), 200]));
  expect(new Set(raw.flatMap(({ ids }) => ids)).size).toBe(10_000);
});

test('who asks for the same before it is looked up shares the answer, and delays it no further', async () => {
  const { clock, soon, calls } = setUp();
  for (let nth = 0; nth < 20; nth += 1) {
    soon.ask({ id: 'i-1', expected: 'stopped' }, 500);
    await clock.advance(20);
  }
  await clock.advance(60_000);
  expect(calls()).toEqual([[500, 1]]);
});

test('a look-up that is wanted later does not hold up one that is wanted now, and comes as well', async () => {
  const { clock, soon, calls } = setUp();
  soon.ask({ id: 'i-1', expected: undefined }, 121_000);
  soon.ask({ id: 'i-1', expected: 'terminated' }, 500);
  await clock.advance(200_000);
  expect(calls()).toEqual([
    [500, 1],
    [121_000, 1],
  ]);
});

test('at its end what was asked for is forgotten', async () => {
  const { clock, soon, calls } = setUp();
  soon.ask({ id: 'i-1', expected: 'stopped' }, 500);
  await soon.stop();
  await clock.advance(60_000);
  expect(calls()).toEqual([]);
  expect(clock.pending()).toBe(0);
});

test('stopped in the middle of a look-up it begins no other', async () => {
  let release: () => void = () => undefined;
  const { clock, soon, calls } = setUp(() => new Promise((resolve) => (release = resolve)));
  soon.ask({ id: 'i-1', expected: 'stopped' }, 500);
  await clock.advance(500);
  soon.ask({ id: 'i-2', expected: 'stopped' }, 500);
  const stopping = soon.stop();
  release();
  await stopping;
  await clock.advance(60_000);
  expect(calls()).toEqual([[500, 1]]);
});
