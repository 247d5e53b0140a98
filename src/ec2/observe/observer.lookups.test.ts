import { describe, expect, it } from 'vitest';
import { plain } from '../../../test/support/base/moments.ts';
import { instance } from '../../../test/support/cloud/ec2.ts';
import { setUp } from '../../../test/support/cloud/observer.ts';

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

  it.each(['*', 'i-*', 'i-?', 'i-\\2a', 'i-1,i-2', '', 'i-1\u0000'])(
    'never ask for %j, which a status may name: others are looked up as ever, and it is not found',
    async (id) => {
      const { clock, observer, lookups, put } = setUp();
      put(['i-1', { state: 'running' }], ['i-theirs', { state: 'running' }]);
      observer.follow('mine', ['i-1']);
      observer.follow('theirs', [id]);
      observer.start();
      await clock.advance(5_000);
      expect(lookups().length).toBeGreaterThan(1);
      for (const { filters } of lookups())
        expect(filters).toEqual([{ name: 'instance-id', values: ['i-1'] }]);
      expect(observer.notFound(id)).toBeDefined();
      await observer.stop();
    },
  );

  it('prove no absence over a time in which EC2 did not answer, or was not asked', async () => {
    const { clock, cloud, observer } = setUp();
    observer.follow('uid-9', ['i-9']);
    observer.start();
    await clock.advance(10_000);
    expect(observer.notFound('i-9')).toEqual({ firstAt: 1_000, lastAt: 11_000 });
    observer.follow('uid-9', []);
    await clock.advance(31_000);
    observer.follow('uid-9', ['i-9']);
    await clock.advance(2_000);
    expect(observer.notFound('i-9')?.firstAt).toBeGreaterThanOrEqual(42_000);
    cloud.failNext(1_000);
    await clock.advance(300_000);
    cloud.failNext(0);
    await clock.advance(60_000);
    const { firstAt, lastAt } = plain(observer.notFound('i-9')) ?? { firstAt: 0, lastAt: 0 };
    expect(firstAt).toBeGreaterThan(340_000);
    expect(lastAt).toBeGreaterThan(firstAt);
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
    put(['i-1', { state: 'stopping' }]);
    await clock.advance(20_000);
    expect(observer.get('i-1')).toMatchObject({ state: 'stopping' });
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
