import { expect, it } from 'vitest';
import { createVirtualClock } from '../../test/support/virtualClock.ts';
import type { OfferingID } from '../api/offering.ts';
import { createOfferingMemory, isUnavailable } from './offerings.ts';

const spotA: OfferingID = { instanceType: 'm7i.large', zone: 'a', capacityType: 'Spot' };

it('an offering that refused is not asked again for three minutes; its neighbours are', async () => {
  const clock = createVirtualClock({ monotonic: 5_000 });
  const memory = createOfferingMemory({ clock });
  memory.markUnavailable(spotA);
  const now = clock.monotonic();
  const facts = memory.snapshot();
  expect(isUnavailable(facts, spotA, now)).toBe(true);
  expect(isUnavailable(facts, spotA, now + 179_999)).toBe(true);
  expect(isUnavailable(facts, spotA, now + 180_000)).toBe(false);
  expect(isUnavailable(facts, { ...spotA, zone: 'b' }, now)).toBe(false);
  expect(isUnavailable(facts, { ...spotA, capacityType: 'OnDemand' }, now)).toBe(false);
  expect(isUnavailable(facts, { ...spotA, instanceType: 'm7a.large' }, now)).toBe(false);
});

it('a second refusal starts the time anew', async () => {
  const clock = createVirtualClock();
  const memory = createOfferingMemory({ clock, ttlMs: 100 });
  memory.markUnavailable(spotA);
  await clock.advance(60);
  memory.markUnavailable(spotA);
  await clock.advance(60);
  expect(isUnavailable(memory.snapshot(), spotA, clock.monotonic())).toBe(true);
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
