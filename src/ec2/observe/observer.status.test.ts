import { describe, expect, it } from 'vitest';
import { instance } from '../../../test/support/cloud/ec2.ts';
import { createMemoryEc2 } from '../../../test/support/cloud/memoryEc2.ts';
import { setUp } from '../../../test/support/cloud/observer.ts';

describe('failing status checks', () => {
  it('are read every thirty seconds, each check in its own call, all pages of it', async () => {
    const { clock, cloud, observer } = setUp({}, 1);
    cloud.impaired.set('i-1', ['instance']);
    cloud.impaired.set('i-2', ['instance']);
    observer.start();
    await clock.settle();
    const ask = (kind: string) => ({ filters: [{ name: `${kind}-status.status`, values: ['impaired'] }] });
    expect(cloud.statusQueries).toEqual([
      ask('instance'),
      { ...ask('instance'), nextToken: '1' },
      ask('system'),
    ]);
    await clock.advance(30_000);
    expect(cloud.statusQueries).toHaveLength(6);
    await observer.stop();
  });

  it.each([
    [['instance'], 'instance'],
    [['system'], 'system'],
    [['instance', 'system'], 'system'],
  ] as const)(
    '%s show as %s since the first reading that showed them, reported once',
    async (checks, kind) => {
      const { clock, cloud, observer, changes, put } = setUp();
      put(['i-1'], ['i-2']);
      observer.start();
      await clock.advance(10_000);
      changes.length = 0;
      cloud.impaired.set('i-1', checks);
      await clock.advance(80_000);
      expect(observer.get('i-1')?.impaired).toEqual({ kind, since: 31_000 });
      expect(observer.get('i-2')).not.toHaveProperty('impaired');
      expect(changes).toEqual(['uid-of-i-1']);
      await observer.stop();
    },
  );

  it('are over once a reading lacks them, and begin again when they come again', async () => {
    const { clock, cloud, observer, put } = setUp();
    put(['i-1']);
    cloud.impaired.set('i-1', ['instance']);
    observer.start();
    await clock.advance(31_000);
    cloud.impaired.clear();
    await clock.advance(30_000);
    expect(observer.get('i-1')).not.toHaveProperty('impaired');
    cloud.impaired.set('i-1', ['instance']);
    await clock.advance(30_000);
    expect(observer.get('i-1')?.impaired).toEqual({ kind: 'instance', since: 91_000 });
    await observer.stop();
  });

  it('that turn from one check to the other are one span', async () => {
    const { clock, cloud, observer, put } = setUp();
    put(['i-1']);
    cloud.impaired.set('i-1', ['instance']);
    observer.start();
    await clock.advance(31_000);
    const since = observer.get('i-1')?.impaired?.since;
    cloud.impaired.set('i-1', ['system']);
    await clock.advance(30_000);
    expect(observer.get('i-1')?.impaired).toEqual({ kind: 'system', since });
    await observer.stop();
  });

  it('of an instance that stops say nothing about its next start', async () => {
    const { clock, cloud, observer, put } = setUp();
    put(['i-1']);
    cloud.impaired.set('i-1', ['instance']);
    observer.start();
    await clock.advance(31_000);
    put(['i-1', { state: 'stopped' }]);
    await clock.advance(10_000);
    expect(observer.get('i-1')).not.toHaveProperty('impaired');
    put(['i-1']);
    await clock.advance(10_000);
    expect(observer.get('i-1')).not.toHaveProperty('impaired');
    await observer.stop();
  });

  it('outlive a reading that fails, but not three: what is not heard is not known', async () => {
    const { clock, cloud, observer, changes, put } = setUp();
    put(['i-1']);
    cloud.impaired.set('i-1', ['instance']);
    observer.start();
    await clock.advance(31_000);
    const impaired = observer.get('i-1')?.impaired;
    expect(impaired).toBeDefined();
    cloud.failStatus(true);
    await clock.advance(30_000);
    cloud.failStatus(false);
    await clock.advance(60_000);
    expect(observer.get('i-1')?.impaired).toEqual(impaired);
    changes.length = 0;
    cloud.failStatus(true);
    await clock.advance(300_000);
    expect(observer.get('i-1')).not.toHaveProperty('impaired');
    expect(changes).toEqual(['uid-of-i-1']);
    cloud.failStatus(false);
    await clock.advance(60_000);
    expect(observer.get('i-1')?.impaired?.since).toBeGreaterThan(391_000);
    await observer.stop();
  });

  it('of others in the account are ignored, and those that fail to be read stop no sweep', async () => {
    const { clock, cloud, observer, changes, put, sweeps } = setUp();
    put(['i-1']);
    cloud.impaired.set('i-foreign', ['system']);
    observer.start();
    await clock.advance(29_000);
    expect(observer.get('i-foreign')).toBeUndefined();
    expect(changes).toEqual(['uid-of-i-1']);
    cloud.failStatus(true);
    const before = sweeps();
    await clock.advance(60_000);
    expect(sweeps()).toBe(before + 6);
    expect(observer.health().healthySince).toBeDefined();
    await observer.stop();
  });

  it('are those that EC2 shows as failing, even if a filter lets others through', async () => {
    const { clock, observer } = setUp({
      calls: {
        ...createMemoryEc2(),
        describeInstances: async () => ({ items: [instance('i-1')] }),
        describeInstanceStatus: async () => ({ items: [{ id: 'i-1', instance: 'ok', system: 'ok' }] }),
      },
    });
    observer.start();
    await clock.settle();
    expect(observer.get('i-1')).not.toHaveProperty('impaired');
    await observer.stop();
  });

  it('are forgotten by a process that is a standby', async () => {
    const { clock, cloud, observer, put } = setUp();
    put(['i-1']);
    cloud.impaired.set('i-1', ['instance']);
    observer.start();
    await clock.advance(31_000);
    await observer.stop();
    await clock.advance(600_000);
    expect(observer.get('i-1')).toBeUndefined();
    observer.start();
    await clock.settle();
    expect(observer.get('i-1')?.impaired?.since).toBe(clock.monotonic());
    await observer.stop();
  });
});
