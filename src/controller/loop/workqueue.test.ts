import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { createRuntimeMetrics } from '../serve/metrics.ts';
import { createWorkqueue } from './workqueue.ts';

function setup(limits = {}) {
  const clock = createVirtualClock();
  const metrics = createRuntimeMetrics();
  return { clock, metrics, queue: createWorkqueue({ name: 'q', clock, metrics, limits }) };
}

describe('workqueue', () => {
  it('works once on a key that was added many times', async () => {
    const { queue } = setup();
    queue.add('a');
    queue.add('b');
    queue.add('a');
    expect([await queue.get(), await queue.get()]).toEqual(['a', 'b']);
    expect(queue.length()).toBe(0);
  });

  it('works again, afterwards, on a key that was added meanwhile', async () => {
    const { queue } = setup();
    queue.add('a');
    await queue.get();
    queue.add('a');
    queue.add('a');
    expect(queue.length()).toBe(0);
    queue.done('a');
    expect(await queue.get()).toBe('a');
    queue.done('a');
    expect(queue.length()).toBe(0);
  });

  it('asks for a key’s lane whenever it comes in: as it is added, added again, and given back', async () => {
    const clock = createVirtualClock();
    const urgent = new Set<string>();
    const queue = createWorkqueue({
      name: 'q',
      clock,
      metrics: createRuntimeMetrics(),
      laneOf: (key) => (urgent.has(key) ? 'urgent' : 'routine'),
    });
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
    urgent.add('c');
    queue.add('c');
    expect(await queue.get()).toBe('c');
    queue.add('c');
    urgent.delete('c');
    queue.done('c');
    urgent.add('d');
    queue.addAfter('d', 10);
    await clock.advance(10);
    const rest = [await queue.get(), await queue.get(), await queue.get(), await queue.get()];
    expect(rest).toEqual(['d', 'a', 'b', 'c']);
  });

  it('hands a key to one who waits for it, and to one alone', async () => {
    const { queue, clock } = setup();
    const got: (string | undefined)[] = [];
    void queue.get().then((key) => got.push(key));
    void queue.get().then((key) => got.push(key));
    queue.add('a');
    await clock.settle();
    expect(got).toEqual(['a']);
    queue.add('b');
    await clock.settle();
    expect(got).toEqual(['a', 'b']);
  });

  it('loses no key to a getter that gave up just as it was woken', async () => {
    const { queue, clock } = setup();
    const giveUp = new AbortController();
    const got: (string | undefined)[] = [];
    const first = queue.get(giveUp.signal);
    void queue.get().then((key) => got.push(key));
    queue.add('a');
    giveUp.abort();
    expect(await first).toBeUndefined();
    await clock.settle();
    expect(got).toEqual(['a']);
  });

  it('adds a delayed key once, at the earliest of the times asked for', async () => {
    const { queue, clock } = setup();
    queue.addAfter('a', 500);
    queue.addAfter('a', 100);
    queue.addAfter('a', 300);
    await clock.advance(99);
    expect(queue.length()).toBe(0);
    await clock.advance(1);
    expect(queue.length()).toBe(1);
    await clock.advance(10_000);
    expect(queue.length()).toBe(1);
    expect(clock.pending()).toBe(0);
  });

  it('adds at once what was asked for in no time', () => {
    const { queue } = setup();
    queue.addAfter('a', 0);
    queue.addAfter('b', -5);
    queue.addAfter('c', Number.NaN);
    expect(queue.length()).toBe(3);
  });

  it('backs a key off exponentially until it is forgotten, from 5 ms to 1000 s', async () => {
    const { queue, clock } = setup({ perSecond: 1_000_000 });
    const delays: number[] = [];
    for (let i = 0; i < 20; i++) {
      queue.addRateLimited('a');
      delays.push((clock.nextAt() ?? 0) - clock.monotonic());
      await clock.advanceTo(clock.nextAt() ?? 0);
      queue.done((await queue.get()) ?? '');
    }
    expect(delays.slice(0, 4)).toEqual([5, 10, 20, 40]);
    expect(delays.at(-1)).toBe(1_000_000);
    queue.forget('a');
    expect(queue.retries('a')).toBe(0);
    queue.addRateLimited('a');
    expect(clock.nextAt()).toBe(clock.monotonic() + 5);
  });

  it('bounds the rate of all requeues together', async () => {
    const { queue, clock } = setup({ perSecond: 10, burst: 100 });
    for (let i = 0; i < 150; i++) queue.addRateLimited(`key-${i}`);
    await clock.advance(5);
    expect(queue.length()).toBe(100);
    await clock.advance(995);
    expect(queue.length()).toBe(110);
    await clock.advance(4_000);
    expect(queue.length()).toBe(150);
  });

  it('drains when shut down: takes no more, forgets delays, ends when the last is done', async () => {
    const { queue, clock } = setup();
    queue.add('a');
    queue.add('b');
    await queue.get();
    queue.addAfter('c', 10);
    let ended = false;
    void queue.shutDown().then(() => {
      ended = true;
    });
    queue.add('d');
    expect(await queue.get()).toBe('b');
    expect(await queue.get()).toBeUndefined();
    queue.done('a');
    await clock.advance(1_000);
    expect(ended).toBe(false);
    queue.done('b');
    await clock.settle();
    expect(ended).toBe(true);
    expect(clock.pending()).toBe(0);
  });

  it('refuses `done` for a key that is not being processed', () => {
    expect(() => setup().queue.done('a')).toThrow('not being worked on');
  });

  it('reports what client-go reports', async () => {
    const { queue, clock, metrics } = setup();
    queue.add('a');
    queue.add('b');
    await clock.advance(3_000);
    await queue.get();
    await clock.advance(2_000);
    const text = await metrics.registry.metrics();
    expect(text).toContain('workqueue_depth{name="q",controller="q"} 1');
    expect(text).toContain('workqueue_adds_total{name="q",controller="q"} 2');
    expect(text).toContain('workqueue_queue_duration_seconds_sum{name="q",controller="q"} 3');
    expect(text).toContain('workqueue_unfinished_work_seconds{name="q",controller="q"} 2');
    expect(text).toContain('workqueue_longest_running_processor_seconds{name="q",controller="q"} 2');
    queue.done('a');
    expect(await metrics.registry.metrics()).toContain(
      'workqueue_work_duration_seconds_sum{name="q",controller="q"} 2',
    );
  });
});
