import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../test/support/base/seededRandom.ts';
import { recordingLogger } from '../../../test/support/base/silentLogger.ts';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { ApiError, TerminalError } from '../client/errors.ts';
import { sleep } from '../lib/clock.ts';
import { createRuntimeMetrics } from '../serve/metrics.ts';
import { createController, type Reconcile } from './controller.ts';
import { createWorkqueue } from './workqueue.ts';

function setup(reconcile: Reconcile, options: { workers?: number; timeoutMs?: number } = {}) {
  const clock = createVirtualClock();
  const metrics = createRuntimeMetrics();
  const queue = createWorkqueue({ name: 'test', clock, metrics });
  const { logger, lines } = recordingLogger();
  const controller = createController({
    name: 'test',
    reconcile,
    queue,
    clock,
    random: seededRandom(),
    logger,
    metrics,
    ...options,
  });
  const count = async (metric: string) => {
    const line = (await metrics.registry.metrics()).split('\n').find((text) => text.startsWith(metric));
    return Number(line?.split(' ').at(-1));
  };
  return { clock, queue, controller, logger, lines, count };
}

describe('controller', () => {
  it('never works on one key twice at once, and on many at once', async () => {
    const atWork = new Map<string, number>();
    let most = 0;
    let overlaps = 0;
    const { clock, queue, controller } = setup(
      async (key) => {
        atWork.set(key, (atWork.get(key) ?? 0) + 1);
        if (atWork.get(key) !== 1) overlaps++;
        most = Math.max(most, [...atWork.values()].filter((n) => n > 0).length);
        await sleep(clock, 100);
        atWork.set(key, 0);
        return undefined;
      },
      { workers: 3 },
    );
    controller.start();
    for (let i = 0; i < 50; i++) {
      queue.add(`ns/${i % 5}`);
      await clock.advance(30);
    }
    await clock.advance(1_000);
    expect(most).toBe(3);
    expect(overlaps).toBe(0);
    expect(await controller.stop()).toBe(true);
  });

  it('looks again when it was asked to', async () => {
    const at: number[] = [];
    const { clock, queue, controller, count } = setup(async () => {
      at.push(clock.monotonic());
      return at.length < 3 ? { requeueAfterMs: 500 } : undefined;
    });
    controller.start();
    queue.add('a');
    await clock.advance(5_000);
    expect(at).toEqual([0, 500, 1000]);
    expect(await count('controller_runtime_reconcile_total{controller="test",result="requeue_after"}')).toBe(
      2,
    );
    expect(await count('controller_runtime_reconcile_total{controller="test",result="success"}')).toBe(1);
    await controller.stop();
  });

  it('makes of every failure a later try, logged once with its key and reconcileID', async () => {
    const failures = [
      () => Promise.reject(new Error('refused')),
      () => {
        throw new TypeError('undefined is not a function');
      },
      () => Promise.reject('not even an error'),
    ];
    const { clock, queue, controller, lines, count } = setup((): Promise<undefined> => {
      const failure = failures.shift();
      return failure ? failure() : Promise.resolve(undefined);
    });
    controller.start();
    queue.add('ns/a');
    await clock.advance(1_000);
    const errors = lines.filter((line) => line.level === 50);
    expect(errors).toHaveLength(3);
    expect(errors[0]).toMatchObject({
      controller: 'test',
      namespace: 'ns',
      name: 'a',
      err: { message: 'refused' },
    });
    expect(new Set(errors.map((line) => line.reconcileID)).size).toBe(3);
    expect(errors[0]?.reconcileID).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(await count('controller_runtime_reconcile_errors_total')).toBe(3);
    expect(await count('controller_runtime_reconcile_panics_total')).toBe(2);
    expect(await count('controller_runtime_reconcile_total{controller="test",result="success"}')).toBe(1);
    expect(queue.retries('ns/a')).toBe(0);
    await controller.stop();
  });

  it('binds a logger for a pass that logs, and for no other', async () => {
    let bound = 0;
    const { clock, queue, controller, logger } = setup(async (key, context) => {
      if (key === 'loud') context.logger.info('heard');
      return undefined;
    });
    const child = logger.child.bind(logger);
    logger.child = ((...args: Parameters<typeof child>) => {
      bound += 1;
      return child(...args);
    }) as typeof logger.child;
    controller.start();
    for (const key of ['a', 'loud', 'b']) queue.add(key);
    await clock.advance(1_000);
    expect(bound).toBe(1);
    await controller.stop();
  });

  it('takes a conflict for a reason to look again, not for an error', async () => {
    let tries = 0;
    const { clock, queue, controller, lines, count } = setup(async () => {
      if (tries++ > 0) return undefined;
      throw new ApiError('PATCH', '/x', { status: 409, body: { kind: 'Status', reason: 'Conflict' } });
    });
    controller.start();
    queue.add('a');
    await clock.advance(1_000);
    expect(tries).toBe(2);
    expect(lines.filter((line) => Number(line.level) >= 40)).toEqual([]);
    expect(await count('controller_runtime_reconcile_errors_total')).toBe(0);
    await controller.stop();
  });

  it('does not come back to what no retry cures, until something adds it: counted each time, logged once', async () => {
    const outcomes = ['refused', 'no such', 'no such', 'no such', 'another', undefined, 'another'];
    const { clock, queue, controller, lines, count } = setup(async () => {
      const outcome = outcomes.shift();
      if (outcome === 'refused') throw new Error(outcome);
      if (outcome !== undefined) throw new TerminalError(outcome);
      return undefined;
    });
    const logged = () => lines.filter(({ level }) => level === 50).map(({ err }) => (err as Error).message);
    controller.start();
    queue.add('ns/a');
    await clock.advance(1_000);
    expect(outcomes).toHaveLength(5);
    expect(logged()).toEqual(['refused', 'no such']);
    expect(queue.retries('ns/a')).toBe(0);
    await clock.advance(10_000_000);
    expect(outcomes).toHaveLength(5);
    expect(clock.pending()).toBe(0);
    for (let added = 0; added < 5; added += 1) {
      queue.add('ns/a');
      await clock.advance(1_000);
    }
    expect(outcomes).toEqual([]);
    expect(logged()).toEqual(['refused', 'no such', 'another', 'another']);
    expect(await count('controller_runtime_terminal_reconcile_errors_total')).toBe(5);
    expect(await count('controller_runtime_reconcile_errors_total')).toBe(6);
    await controller.stop();
  });

  it('aborts a pass that runs too long, and goes on without one that never settles', async () => {
    let first = true;
    const done: string[] = [];
    const { clock, queue, controller, count } = setup(
      async (key, { signal }) => {
        if (key === 'stuck' && first) {
          first = false;
          signal.addEventListener('abort', () => done.push(`aborted ${key}`));
          await new Promise(() => undefined);
        }
        done.push(key);
        return undefined;
      },
      { timeoutMs: 1_000 },
    );
    controller.start();
    queue.add('stuck');
    queue.add('other');
    await clock.advance(1_000);
    expect(done).toEqual(['aborted stuck']);
    await clock.advance(20_000);
    expect(done).toEqual(['aborted stuck', 'other', 'stuck']);
    expect(await count('controller_runtime_reconcile_timeouts_total')).toBe(1);
    expect(await count('controller_runtime_active_workers')).toBe(0);
    await controller.stop();
  });

  it('lets what is at work finish when it stops, and starts again with what was left', async () => {
    const done: string[] = [];
    const { clock, queue, controller } = setup(async (key) => {
      await sleep(clock, 3_000);
      done.push(key);
      return undefined;
    });
    controller.start();
    queue.add('a');
    queue.add('b');
    await clock.advance(1_000);
    const stopped = controller.stop();
    await clock.advance(2_000);
    expect(await stopped).toBe(true);
    await clock.advance(10_000);
    expect(done).toEqual(['a']);
    controller.start();
    await clock.advance(3_000);
    expect(done).toEqual(['a', 'b']);
    await controller.stop();
    expect(clock.pending()).toBe(0);
  });

  it('aborts what outlasts the grace of a stop', async () => {
    const { clock, queue, controller } = setup(async (_key, { signal }) => {
      await sleep(clock, 1e9, signal);
      throw new Error('gave up');
    });
    controller.start();
    queue.add('a');
    await clock.settle();
    const stopped = controller.stop(5_000);
    await clock.advance(5_000);
    expect(await stopped).toBe(false);
  });
});
