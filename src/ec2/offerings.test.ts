import { expect, it } from 'vitest';
import { createVirtualClock } from '../../test/support/virtualClock.ts';
import { type OfferingID, offeringKey } from '../api/offering.ts';
import { createOfferingMemory } from './offerings.ts';

const spotA: OfferingID = { instanceType: 'm7i.large', zone: 'a', capacityType: 'Spot' };

it('an offering that refused is not asked again for three minutes; its neighbours are', async () => {
  const clock = createVirtualClock({ monotonic: 5_000 });
  const memory = createOfferingMemory({ clock });
  memory.markUnavailable(spotA);
  expect([...memory.snapshot()]).toEqual([[offeringKey(spotA), clock.monotonic() + 180_000]]);
  await clock.advance(179_999);
  expect(memory.snapshot().size).toBe(1);
  await clock.advance(1);
  expect(memory.snapshot().size).toBe(0);
  const neighbours = [{ zone: 'b' }, { capacityType: 'OnDemand' as const }, { instanceType: 'm7a.large' }];
  const names = neighbours.map((other) => offeringKey({ ...spotA, ...other }));
  expect(names).not.toContain(offeringKey(spotA));
});

it('a second refusal starts the time anew', async () => {
  const clock = createVirtualClock();
  const memory = createOfferingMemory({ clock, ttlMs: 100 });
  memory.markUnavailable(spotA);
  await clock.advance(60);
  memory.markUnavailable(spotA);
  await clock.advance(60);
  expect(memory.snapshot().has(offeringKey(spotA))).toBe(true);
});

it('a snapshot is a copy, and holds nothing that is over', async () => {
  const clock = createVirtualClock();
  const memory = createOfferingMemory({ clock, ttlMs: 100 });
  memory.markUnavailable(spotA);
  const before = memory.snapshot();
  await clock.advance(100);
  expect(memory.snapshot().size).toBe(0);
  expect(before.size).toBe(1);
});
