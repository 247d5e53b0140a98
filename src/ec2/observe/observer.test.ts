import { describe, expect, it } from 'vitest';
import { instance } from '../../../test/support/cloud/ec2.ts';
import { createMemoryEc2 } from '../../../test/support/cloud/memoryEc2.ts';
import { setUp } from '../../../test/support/cloud/observer.ts';
import { TAG } from '../calls/port.ts';

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
    expect(observer.all().map(({ id }) => id)).toEqual(['i-1', 'i-2']);
    expect(observer.lastSweep()).toEqual({ begunAt: 1_000, endedAt: 1_500 });
  });

  it('that fails on its last page changes nothing, for any first pages', async () => {
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
      calls: {
        ...createMemoryEc2(),
        describeInstances: async () => ({ items: [], nextToken: 'again' }),
      },
    });
    await expect(observer.sweepNow()).rejects.toMatchObject({ code: 'UnreadableAnswer' });
  });

  it('reports each Workspace once, even if several of its instances changed', async () => {
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

  it('is silent once stopped, and can start again', async () => {
    const { clock, cloud, observer, put } = setUp();
    put(['i-1']);
    observer.start();
    await clock.settle();
    await observer.stop();
    expect(clock.pending()).toBe(0);
    const asked = cloud.queries.length;
    await clock.advance(60_000);
    expect(cloud.queries).toHaveLength(asked);
    observer.start();
    await clock.settle();
    expect(cloud.queries.length).toBeGreaterThan(asked);
    await observer.stop();
  });

  it('knows nothing of one term in the next: another process launched and ended instances in between', async () => {
    const { clock, cloud, observer, changes, registry, put, only } = setUp();
    put(['i-1']);
    observer.start();
    observer.follow('uid-of-i-1', ['i-1']);
    await clock.settle();
    changes.length = 0;
    await observer.stop();
    expect(changes).toEqual(['uid-of-i-1']);
    const known = () => [observer.all(), observer.ofWorkspace('uid-of-i-1'), observer.lastSweep()];
    expect(known()).toEqual([[], [], undefined]);
    // Its age is no sign that EC2 is away: a standby does not sweep.
    expect(await registry.metrics()).not.toMatch(/^workspace_ec2_sweep_age_seconds /m);
    observer.note(instance('i-late'));
    expect(known()).toEqual([[], [], undefined]);
    cloud.instances.delete('i-1');
    const reads = cloud.hold();
    observer.start();
    await clock.advance(5_000);
    expect(known()).toEqual([[], [], undefined]);
    // EC2 may be away from the beginning of a term.
    expect(await registry.metrics()).toMatch(/^workspace_ec2_sweep_age_seconds 5$/m);
    only(reads).answer();
    await clock.settle();
    expect(observer.all()).toEqual([]);
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
