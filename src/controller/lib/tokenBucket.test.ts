import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { createTokenBucket } from './tokenBucket.ts';

describe('token bucket', () => {
  it('gives a burst of its capacity at once, then one token a refill', async () => {
    const clock = createVirtualClock();
    const bucket = createTokenBucket({ clock, capacity: 5, refillPerSecond: 2 });
    const takenAt: number[] = [];
    for (let i = 0; i < 8; i++) void bucket.take().then(() => takenAt.push(clock.monotonic()));
    await clock.advance(10_000);
    expect(takenAt).toEqual([0, 0, 0, 0, 0, 500, 1000, 1500]);
    expect(clock.pending()).toBe(0);
  });

  it('serves those who wait in the order they came, large wants included', async () => {
    const clock = createVirtualClock();
    const bucket = createTokenBucket({ clock, capacity: 4, refillPerSecond: 1, initial: 0 });
    const order: string[] = [];
    void bucket.take(3).then(() => order.push('large'));
    void bucket.take(1).then(() => order.push('small'));
    await clock.advance(2_000);
    expect(bucket.tryTake(1)).toBe(false);
    await clock.advance(2_000);
    expect(order).toEqual(['large', 'small']);
  });

  it('takes nothing for a caller who gave up, and serves the next', async () => {
    const clock = createVirtualClock();
    const bucket = createTokenBucket({ clock, capacity: 4, refillPerSecond: 1, initial: 0 });
    const gaveUp = new AbortController();
    const first = bucket.take(4, gaveUp.signal);
    let second = false;
    void bucket.take(1).then(() => {
      second = true;
    });
    await clock.advance(1_000);
    expect(second).toBe(false);
    gaveUp.abort(new Error('no longer needed'));
    await expect(first).rejects.toThrow('no longer needed');
    await clock.settle();
    expect(second).toBe(true);
  });

  it('lets no one through while it is paused, and starts empty', async () => {
    const clock = createVirtualClock();
    const bucket = createTokenBucket({ clock, capacity: 5, refillPerSecond: 2 });
    bucket.drain(3_000);
    const takenAt: number[] = [];
    void bucket.take().then(() => takenAt.push(clock.monotonic()));
    expect(bucket.tryTake()).toBe(false);
    await clock.advance(10_000);
    expect(takenAt).toEqual([3_500]);
  });

  it('reports how long each caller waited', async () => {
    const clock = createVirtualClock();
    const waits: number[] = [];
    const bucket = createTokenBucket({
      clock,
      capacity: 1,
      refillPerSecond: 1,
      onWait: (ms) => waits.push(ms),
    });
    void bucket.take();
    void bucket.take();
    await clock.advance(5_000);
    expect(waits).toEqual([0, 1000]);
  });

  it('refuses a want that it could never meet', async () => {
    const bucket = createTokenBucket({ clock: createVirtualClock(), capacity: 2, refillPerSecond: 1 });
    await expect(bucket.take(3)).rejects.toThrow(RangeError);
    expect(() => bucket.tryTake(0)).toThrow(RangeError);
  });

  it('never gives more than capacity plus refill in any window', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 60 }),
        async (capacity, refillPerSecond, gaps) => {
          const clock = createVirtualClock();
          const bucket = createTokenBucket({ clock, capacity, refillPerSecond });
          const taken: number[] = [];
          for (const gap of gaps) {
            void bucket.take().then(() => taken.push(clock.monotonic()));
            await clock.advance(gap);
          }
          await clock.advance(61_000);
          expect(taken).toHaveLength(gaps.length);
          taken.forEach((from, i) => {
            taken.slice(i).forEach((to, j) => {
              expect(j + 1).toBeLessThanOrEqual(capacity + ((to - from) / 1000) * refillPerSecond + 0.01);
            });
          });
        },
      ),
      { numRuns: 60 },
    );
  });
});
