import { expect, test } from 'vitest';
import { createVirtualClock } from '../../support/base/virtualClock.ts';

test('a wait for the rest of a time comes to its end, though numbers are not exact', async () => {
  const clock = createVirtualClock({ monotonic: 2_115_097.744_890_094 });
  const until = clock.monotonic() + 3 * Number.EPSILON * clock.monotonic();
  let looks = 0;
  const look = () => {
    looks += 1;
    // As one does whose end lies between two numbers that the clock can show.
    if (clock.monotonic() <= until) clock.setTimeout(look, (until - clock.monotonic()) / 2 || 1e-10);
  };
  look();
  await clock.advance(1);
  expect(looks).toBeLessThan(10);
});

test('a test whose timers never end is ended by the limit of events', async () => {
  const clock = createVirtualClock({ mostEvents: 1_000 });
  const again = () => void clock.setTimeout(again, 1);
  again();
  await expect(clock.advance(10_000)).rejects.toThrow('more than the limit of virtual events');
});
