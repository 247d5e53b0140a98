import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { constantRandom, instance, silent } from '../../test/support/ec2.ts';
import { createMemoryEc2, type HeldRead } from '../../test/support/memoryEc2.ts';
import { createVirtualClock } from '../../test/support/virtualClock.ts';
import { createEc2Metrics } from './metrics.ts';
import { createObserver, type ObserverOptions } from './observer.ts';
import { TAG } from './port.ts';

function setUp(options: Partial<ObserverOptions> = {}, pageSize?: number) {
  const clock = createVirtualClock({ monotonic: 1_000 });
  const cloud = createMemoryEc2(pageSize);
  const registry = new Registry();
  const changes: string[] = [];
  let sweeps = 0;
  const observer = createObserver({
    calls: cloud,
    clusterID: 'cluster-1',
    clock,
    random: constantRandom(1),
    logger: silent,
    metrics: createEc2Metrics(registry),
    onChange: (uid) => changes.push(uid),
    onSweep: () => {
      sweeps += 1;
    },
    ...options,
  });
  const put = (...items: Parameters<typeof instance>[]) => {
    for (const item of items) cloud.instances.set(item[0], instance(...item));
  };
  const lookups = () => cloud.queries.filter(({ filters }) => filters?.[0]?.name === 'instance-id');
  /** The one read that waits. */
  const only = (reads: HeldRead[]): HeldRead => {
    const [read, ...others] = reads.splice(0);
    if (!read || others.length > 0)
      throw new Error(`one read should wait, not ${read ? others.length + 1 : 0}`);
    return read;
  };
  return { clock, cloud, registry, observer, changes, put, lookups, only, sweeps: () => sweeps };
}

describe('the sweep', () => {
  it('reads only what carries the cluster’s tag, all pages of it, every interval', async () => {
    const { clock, cloud, observer, put, sweeps } = setUp({}, 2);
    put(['i-1'], ['i-2'], ['i-3'], ['i-foreign', { tags: { [TAG.cluster]: 'other' } }]);
    expect(observer.lastSweep()).toBeUndefined();
    observer.start();
    await clock.settle();
    expect(observer.lastSweep()).toEqual({ begunAt: 1_000, endedAt: 1_000 });
    expect(observer.all().map(({ id }) => id)).toEqual(['i-1', 'i-2', 'i-3']);
    expect(cloud.queries).toEqual([
      { filters: [{ name: `tag:${TAG.cluster}`, values: ['cluster-1'] }] },
      { filters: [{ name: `tag:${TAG.cluster}`, values: ['cluster-1'] }], nextToken: '2' },
    ]);
    await clock.advance(30_000);
    expect(sweeps()).toBe(4);
    await observer.stop();
  });

  it('takes effect as a whole: nothing of it shows before its last page', async () => {
    const { clock, cloud, observer, put, only } = setUp({}, 1);
    put(['i-1'], ['i-2']);
    const reads = cloud.hold();
    const swept = observer.sweepNow();
    await clock.settle();
    only(reads).answer();
    await clock.advance(500);
    expect(observer.all()).toEqual([]);
    expect(observer.lastSweep()).toBeUndefined();
    only(reads).answer();
    await swept;
    expect(observer.all().map(({ readAt }) => readAt)).toEqual([1_000, 1_000]);
    expect(observer.lastSweep()).toEqual({ begunAt: 1_000, endedAt: 1_500 });
  });

  it('that fails on its last page changes nothing, whatever the first ones said', async () => {
    const { clock, cloud, observer, changes, put, only } = setUp({}, 1);
    put(['i-1', { state: 'pending' }], ['i-2']);
    await observer.sweepNow();
    changes.length = 0;
    put(['i-1', { state: 'running' }]);
    const reads = cloud.hold();
    const swept = observer.sweepNow();
    await clock.settle();
    only(reads).answer();
    await clock.settle();
    only(reads).fail();
    await expect(swept).rejects.toMatchObject({ name: 'Ec2Failure', code: 'InternalError' });
    expect(observer.get('i-1')?.state).toBe('pending');
    expect(observer.lastSweep()?.begunAt).toBe(1_000);
    expect(changes).toEqual([]);
  });

  it('backs off while it fails, up to a minute, and keeps saying what was wrong', async () => {
    const { clock, cloud, observer, put } = setUp();
    put(['i-1']);
    await observer.sweepNow();
    cloud.failNext(5);
    cloud.queries.length = 0;
    const secondsOfQueries: number[] = [];
    observer.start();
    for (let second = 0; second <= 260; second++) {
      await clock.advanceTo(1_000 + second * 1_000);
      while (secondsOfQueries.length < cloud.queries.length) secondsOfQueries.push(second);
    }
    expect(secondsOfQueries).toEqual([0, 20, 60, 120, 180, 240, 250, 260]);
    expect(observer.health()).toMatchObject({ lastError: { failure: { code: 'InternalError' } } });
    expect(observer.get('i-1')).toMatchObject({ state: 'running', missing: false });
    await observer.stop();
  });

  it('says since when it works, and that it does not', async () => {
    const { clock, cloud, observer } = setUp();
    expect(observer.health()).toEqual({ healthySince: undefined, lastError: undefined });
    await observer.sweepNow();
    await clock.advance(500);
    await observer.sweepNow();
    expect(observer.health().healthySince).toBe(1_000);
    cloud.failNext(1);
    await expect(observer.sweepNow()).rejects.toThrow('InternalError');
    expect(observer.health()).toMatchObject({ healthySince: undefined, lastError: { at: 1_500 } });
    await clock.advance(500);
    await observer.sweepNow();
    expect(observer.health()).toMatchObject({ healthySince: 2_000, lastError: { at: 1_500 } });
  });

  it('asked for now begins after the one under way, once for all who ask', async () => {
    const { clock, cloud, observer, only } = setUp();
    const reads = cloud.hold();
    const first = observer.sweepNow();
    await clock.advance(100);
    const asked = [observer.sweepNow(), observer.sweepNow()];
    await clock.settle();
    only(reads).answer();
    await first;
    expect(observer.lastSweep()?.begunAt).toBe(1_000);
    await clock.settle();
    only(reads).answer();
    await Promise.all(asked);
    expect(observer.lastSweep()?.begunAt).toBe(1_100);
    expect(cloud.queries).toHaveLength(2);
  });

  it('that is offered the same page for ever fails instead of spinning', async () => {
    const { observer } = setUp({
      calls: { describeInstances: async () => ({ items: [], nextToken: 'again' }) },
    });
    await expect(observer.sweepNow()).rejects.toMatchObject({ code: 'UnreadableAnswer' });
  });

  it('tells each Workspace once, however many of its instances changed', async () => {
    const { observer, changes, put } = setUp();
    const tags = { [TAG.cluster]: 'cluster-1', [TAG.uid]: 'uid-1' };
    put(['i-1', { tags }], ['i-2', { tags }]);
    await observer.sweepNow();
    expect(changes).toEqual(['uid-1']);
    await observer.sweepNow();
    expect(changes).toEqual(['uid-1']);
    expect(observer.ofWorkspace('uid-1')).toHaveLength(2);
  });
});

describe('look-ups', () => {
  it('ask every two seconds for what is followed, in one call, and for nothing when nothing is', async () => {
    const { clock, observer, lookups, put } = setUp();
    put(['i-1', { state: 'pending' }], ['i-2']);
    observer.start();
    await clock.advance(9_000);
    expect(lookups()).toEqual([]);
    observer.follow('uid-of-i-1', ['i-1']);
    observer.follow('uid-of-i-2', ['i-2']);
    await clock.advance(4_000);
    expect(lookups()).toEqual(
      Array.from({ length: 2 }, () => ({ filters: [{ name: 'instance-id', values: ['i-1', 'i-2'] }] })),
    );
    await observer.stop();
  });

  it('stop for what is no longer in the set, and not for what another Workspace follows', async () => {
    const { clock, observer, lookups } = setUp();
    observer.follow('a', ['i-1', 'i-2']);
    observer.follow('b', ['i-2']);
    observer.follow('a', ['i-3']);
    observer.start();
    await clock.settle();
    expect(lookups().at(-1)?.filters?.[0]?.values).toEqual(['i-2', 'i-3']);
    observer.follow('a', []);
    observer.follow('b', []);
    const before = lookups().length;
    await clock.advance(10_000);
    expect(lookups()).toHaveLength(before);
    await observer.stop();
  });

  it('see a change within two seconds of it, between sweeps', async () => {
    const { clock, observer, changes, put } = setUp();
    put(['i-1', { state: 'pending' }]);
    observer.follow('uid-of-i-1', ['i-1']);
    observer.start();
    await clock.advance(3_000);
    changes.length = 0;
    put(['i-1', { state: 'running' }]);
    await clock.advance(2_000);
    expect(observer.get('i-1')?.state).toBe('running');
    expect(changes).toEqual(['uid-of-i-1']);
    await observer.stop();
  });

  it('prove an absence by two answers apart, of an instance this process never saw too', async () => {
    const { clock, cloud, observer, changes, put } = setUp();
    put(['i-1']);
    await observer.sweepNow();
    observer.follow('uid-of-i-1', ['i-1']);
    observer.follow('uid-9', ['i-9']);
    observer.start();
    await clock.advance(1_000);
    expect(observer.notFound('i-1')).toBeUndefined();
    changes.length = 0;
    cloud.instances.delete('i-1');
    await clock.advance(299_000);
    expect(observer.notFound('i-9')).toEqual({ firstAt: 1_000, lastAt: 301_000 });
    expect(observer.get('i-1')).toMatchObject({
      state: 'running',
      missing: true,
      notFound: { firstAt: 3_000, lastAt: 301_000 },
    });
    expect(changes).toEqual(['uid-of-i-1']);
    await observer.stop();
  });

  it('leave an instance alone that a tag-blind sweep misses just after its launch', async () => {
    const { clock, cloud, observer, changes, only } = setUp();
    observer.note(instance('i-1', { state: 'pending' }));
    observer.follow('uid-of-i-1', ['i-1']);
    changes.length = 0;
    await clock.advance(100);
    const reads = cloud.hold();
    const swept = observer.sweepNow();
    await clock.settle();
    only(reads).answer([]);
    await swept;
    expect(observer.get('i-1')).toMatchObject({ state: 'pending', missing: false });
    expect(changes).toEqual([]);
  });

  it('go on after a failure, and take nothing from it', async () => {
    const { clock, cloud, observer, put } = setUp();
    put(['i-1']);
    await observer.sweepNow();
    observer.follow('uid-of-i-1', ['i-1']);
    cloud.failNext(3);
    observer.start();
    await clock.advance(1_000);
    expect(observer.get('i-1')).toMatchObject({ missing: false });
    expect(observer.notFound('i-1')).toBeUndefined();
    await clock.advance(20_000);
    expect(observer.get('i-1')?.readAt).toBeGreaterThan(1_000);
    await observer.stop();
  });

  it('do not ask for what has terminated', async () => {
    const { clock, observer, lookups, put } = setUp();
    put(['i-1', { state: 'terminated' }]);
    await observer.sweepNow();
    observer.follow('uid-of-i-1', ['i-1']);
    observer.start();
    await clock.advance(10_000);
    expect(lookups()).toEqual([]);
    await observer.stop();
  });

  it('go out in batches that a filter can hold', async () => {
    const { clock, observer, lookups } = setUp();
    observer.follow(
      'uid-1',
      Array.from({ length: 450 }, (_, i) => `i-${i}`),
    );
    observer.start();
    await clock.settle();
    expect(lookups().map(({ filters }) => filters?.[0]?.values.length)).toEqual([200, 200, 50]);
    await observer.stop();
  });
});

describe('the observer', () => {
  it('forgets an hour later what EC2 stopped showing', async () => {
    const { clock, cloud, observer, put } = setUp();
    put(['i-1', { state: 'terminated' }], ['i-2']);
    observer.start();
    await clock.advance(10_000);
    cloud.instances.delete('i-1');
    await clock.advance(3_600_000);
    expect(observer.all().map(({ id }) => id)).toEqual(['i-1', 'i-2']);
    await clock.advance(20_000);
    expect(observer.all().map(({ id }) => id)).toEqual(['i-2']);
    await observer.stop();
  });

  it('is silent once stopped, keeps what it knows, and can start again', async () => {
    const { clock, cloud, observer, put } = setUp();
    put(['i-1']);
    observer.start();
    await clock.settle();
    await observer.stop();
    expect(clock.pending()).toBe(0);
    const asked = cloud.queries.length;
    await clock.advance(60_000);
    expect(cloud.queries).toHaveLength(asked);
    expect(observer.get('i-1')).toBeDefined();
    observer.start();
    await clock.settle();
    expect(cloud.queries.length).toBeGreaterThan(asked);
    await observer.stop();
  });

  it('stops only when the sweep under way is over, and plans no other', async () => {
    const { clock, cloud, observer, only } = setUp();
    const reads = cloud.hold();
    observer.start();
    await clock.settle();
    let stopped = false;
    const stopping = observer.stop().then(() => {
      stopped = true;
    });
    await clock.settle();
    expect(stopped).toBe(false);
    only(reads).answer();
    await stopping;
    expect(clock.pending()).toBe(0);
  });

  it('reports duration and age of its sweeps', async () => {
    const { clock, cloud, observer, registry, only } = setUp();
    expect(await registry.metrics()).not.toMatch(/^workspace_ec2_sweep_age_seconds /m);
    const reads = cloud.hold();
    const swept = observer.sweepNow();
    await clock.advance(2_000);
    only(reads).answer();
    await swept;
    await clock.advance(5_000);
    const text = await registry.metrics();
    expect(text).toMatch(/^workspace_ec2_sweep_duration_seconds_sum\{outcome="ok"\} 2$/m);
    expect(text).toMatch(/^workspace_ec2_sweep_age_seconds 7$/m);
  });
});
