import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../test/support/base/seededRandom.ts';
import { silentLogger } from '../../../test/support/base/silentLogger.ts';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { plus } from '../lib/time.ts';
import { createRuntimeMetrics } from '../serve/metrics.ts';
import { createController } from './controller.ts';
import { createTurns } from './turns.ts';
import { createWorkqueue } from './workqueue.ts';

/** A controller whose passes await settled promises alone. */
function busy(clock: Clock, workers: number, pass: () => void) {
  const metrics = createRuntimeMetrics();
  const queue = createWorkqueue({ name: 'busy', clock, metrics });
  const controller = createController({
    name: 'busy',
    workers,
    queue,
    clock,
    random: seededRandom(),
    logger: silentLogger(),
    metrics,
    async reconcile() {
      await Promise.resolve();
      pass();
      await Promise.resolve();
      return undefined;
    },
  });
  return { queue, controller };
}

describe('passes that await nothing', () => {
  test.each([1, 8, 256])(
    'are no chain of microtasks: with %i workers, whatever a pass costs, the event loop goes on within 8 ms',
    async (workers) => {
      const virtual = createVirtualClock();
      const costs = [0.1, 0.3, 1, 0.05, 3];
      let [spent, turnBegan, longest, turns, passes] = [0, 0, 0, 0, 0];
      const clock: Clock = {
        ...virtual,
        monotonic: () => plus(virtual.monotonic(), spent),
        nextTurn(fn) {
          virtual.nextTurn(() => {
            longest = Math.max(longest, spent - turnBegan);
            turnBegan = spent;
            turns += 1;
            fn();
          });
        },
      };
      const { queue, controller } = busy(clock, workers, () => {
        // The dear ones are rare, so that eight that begin together do not cost too much.
        spent += passes % 50 === 0 ? 3 : (costs[passes % 4] ?? 0);
        passes += 1;
      });
      controller.start();
      for (let index = 0; index < 4_000; index += 1) queue.add(`a/${index}`);
      await virtual.settle();
      expect(passes).toBe(4_000);
      expect(longest).toBeLessThanOrEqual(8);
      expect(turns).toBeGreaterThan(250);
      await controller.stop();
    },
  );

  test('let a timer fire that is due amid them, on the real event loop', async () => {
    let passes = 0;
    let firedAt: number | undefined;
    const { queue, controller } = busy(systemClock, 8, () => {
      const until = performance.now() + 0.1;
      while (performance.now() < until);
      passes += 1;
      if (passes > 1) return;
      systemClock.setTimeout(() => {
        firedAt = passes;
      }, 1);
    });
    controller.start();
    for (let index = 0; index < 800; index += 1) queue.add(`a/${index}`);
    await expect.poll(() => passes, { timeout: 60_000, interval: 1 }).toBe(800);
    await expect.poll(() => firedAt, { timeout: 60_000, interval: 1 }).toBeDefined();
    expect(firedAt).toBeLessThan(800);
    await controller.stop();
  });

  test('let the others of a process have their turn: they share one', async () => {
    const clock = createVirtualClock();
    const turns = createTurns({ clock, mostPieces: 2 });
    const begun: string[] = [];
    const begin = (name: string) => turns.take().then(() => begun.push(name));
    const all = ['a', 'b', 'c', 'd', 'e'].map(begin);
    let meanwhile: string[] = [];
    clock.nextTurn(() => {
      meanwhile = [...begun];
    });
    await Promise.resolve();
    await clock.settle();
    await Promise.all(all);
    expect(begun).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(meanwhile.length).toBeLessThan(5);
  });
});
