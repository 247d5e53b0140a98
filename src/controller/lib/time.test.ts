import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { earliest, iso, latest, type MonoMs, msBetween, parseStamp, plus, type WallMs } from './time.ts';

const clock = createVirtualClock({ now: Date.parse('2026-01-01T00:00:00Z'), monotonic: 5_000 });
const wall: WallMs = clock.now();
const mono: MonoMs = clock.monotonic();

describe('moments of one clock', () => {
  it('are moved, measured and compared', () => {
    expect(plus(mono, -1_000)).toBe(4_000);
    expect(msBetween(mono, plus(mono, 250))).toBe(250);
    expect(msBetween(plus(wall, 250), wall)).toBe(-250);
    expect(mono < plus(mono, 1)).toBe(true);
    expect(mono <= plus(mono, -1)).toBe(false);
  });

  it('are the latest or the earliest of those that are known, zero among them', () => {
    const zero = plus(mono, -5_000);
    expect(latest(zero, undefined, plus(mono, -1))).toBe(4_999);
    expect(earliest(mono, zero, undefined)).toBe(0);
    expect(latest(wall)).toBe(wall);
  });
});

describe('a stamp', () => {
  it('is read as it was written', () => {
    expect(iso(wall)).toBe('2026-01-01T00:00:00.000Z');
    expect(parseStamp(iso(plus(wall, 7)))).toBe(plus(wall, 7));
  });

  it.each([undefined, '', 'at noon'])('that is none is neither before nor after anything: %j', (stamp) => {
    const at = parseStamp(stamp);
    expect([at < wall, at >= wall]).toEqual([false, false]);
    expect(() => iso(at)).toThrow(RangeError);
  });
});

it('wall time and monotonic time do not mix: the compiler refuses each of these', () => {
  const uncalled = (now: { wall: WallMs; mono: MonoMs }) => [
    // @ts-expect-error compared
    now.wall < now.mono,
    // @ts-expect-error measured from one clock to the other
    msBetween(now.wall, now.mono),
    // @ts-expect-error the later of both
    latest(now.wall, now.mono),
    // @ts-expect-error subtracted past the functions
    now.wall - now.mono,
    // @ts-expect-error stamped with monotonic time
    iso(now.mono),
    // @ts-expect-error taken for the other
    ((at: MonoMs) => at)(now.wall),
    // @ts-expect-error made of any number
    ((at: MonoMs) => at)(1_000),
    // @ts-expect-error or of a parsed one
    ((at: WallMs) => at)(Date.parse('2026-01-01T00:00:00Z')),
    // @ts-expect-error a reading of one clock is none of the other
    ((at: MonoMs) => at)(clock.now()),
  ];
  expect(uncalled).toBeTypeOf('function');
});
