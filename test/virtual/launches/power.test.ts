import { describe, expect } from 'vitest';
import { stopInstances } from '../../../dev/ec2/actions/power.ts';
import { story } from '../driver/story.ts';
import { HOUR, MINUTE, SECOND } from '../driver/time.ts';

describe('an instance that somebody stops', () => {
  story('before its first heartbeat is started once, and serves', {}, async (world) => {
    await world.putSecret('ws-0-env', { KEY: 'a' });
    world.hold('ws-0', true);
    await world.createWorkspace('ws-0');
    const launched = await world.until('it boots', () => {
      const { launch, instance } = world.workspace('ws-0').status ?? {};
      return instance?.state === 'running' && launch;
    });
    const [id = ''] = world.live('ws-0');
    stopInstances(world.cloud, { ids: [id], dryRun: false });
    world.hold('ws-0', false);
    const within = Date.parse(launched.deadline ?? '') - Date.parse(launched.submittedAt ?? '');
    await world.until('it serves', () => world.down().length === 0, within);
    await world.untilReady('ws-0', 1);
    expect(world.calls('StartInstances')).toBe(1);
    expect(world.provisions()).toHaveLength(1);
    expect(world.workspace('ws-0').status?.launch?.deadline).toBe(launched.deadline);
  });

  story(
    'one that is stopped again and again before its first heartbeat is replaced at its deadline',
    {},
    async (world) => {
      await world.putSecret('ws-0-env', { KEY: 'a' });
      world.hold('ws-0', true);
      await world.createWorkspace('ws-0');
      for (let times = 0; times < 2; times += 1) {
        await world.until('it runs', () => world.workspace('ws-0').status?.instance?.state === 'running');
        const [id = ''] = world.live('ws-0');
        stopInstances(world.cloud, { ids: [id], dryRun: false });
        await world.until(
          'it is stopped',
          () => world.workspace('ws-0').status?.instance?.state === 'stopped',
        );
        await world.pass(MINUTE);
      }
      expect(world.calls('StartInstances')).toBe(1);
      world.hold('ws-0', false);
      await world.untilReady('ws-0', 2);
      expect(world.workspace('ws-0').status?.launch?.cause?.kind).toBe('TimedOut');
      expect(world.provisions()).toHaveLength(2);
    },
  );
});

describe('a start that EC2 refuses', () => {
  story('is shown, keeps the disk for as long as it lasts, and ends automatically', {}, async (world) => {
    await world.createFleet(1);
    const [id = ''] = world.live('ws-0');
    await world.edit('ws-0', { operatingMode: 'Stopped' });
    await world.until('it is stopped', () => world.condition('ws-0', 'Reconciling')?.reason === 'Settled');
    const lift = world.ec2({
      action: 'StartInstances',
      fault: { kind: 'error', code: 'InsufficientInstanceCapacity' },
      times: Number.POSITIVE_INFINITY,
    });
    await world.edit('ws-0', { operatingMode: 'Running' });
    await world.until('it is said', () => world.condition('ws-0', 'Ready')?.reason === 'StartBlocked');
    await world.pass(HOUR);
    expect(world.condition('ws-0', 'Ready')).toMatchObject({ status: 'False', reason: 'StartBlocked' });
    expect(world.events('ws-0').filter(({ reason }) => reason === 'StartBlocked')).toHaveLength(1);
    expect(world.live('ws-0')).toEqual([id]);
    lift();
    await world.untilReady('ws-0', 1);
    expect(world.live('ws-0')).toEqual([id]);
    expect(world.provisions()).toHaveLength(1);

    world.note('and a person who does not want to wait gets a new instance');
    await world.edit('ws-0', { operatingMode: 'Stopped' });
    await world.until('it is stopped', () => world.condition('ws-0', 'Reconciling')?.reason === 'Settled');
    world.ec2({
      action: 'StartInstances',
      fault: { kind: 'error', code: 'InsufficientInstanceCapacity' },
      times: Number.POSITIVE_INFINITY,
    });
    await world.edit('ws-0', { operatingMode: 'Running' });
    await world.until('it is said', () => world.condition('ws-0', 'Ready')?.reason === 'StartBlocked');
    await world.edit('ws-0', { requests: { restart: 'new' } });
    await world.untilReady('ws-0', 2);
    await world.pass(10 * SECOND);
    expect(world.provisions()).toHaveLength(2);
  });
});

describe('a Secret that changes every minute', () => {
  story('does not keep an instance that never boots from timing out', {}, async (world) => {
    await world.putSecret('ws-0-env', { KEY: '0' });
    world.hold('ws-0', true);
    await world.createWorkspace('ws-0');
    for (let minute = 1; minute <= 40; minute += 1) {
      await world.pass(MINUTE);
      await world.putSecret('ws-0-env', { KEY: `${minute}` });
    }
    expect(world.workspace('ws-0').status?.launch).toMatchObject({ number: 2, cause: { kind: 'TimedOut' } });
    expect(world.provisions()).toHaveLength(2);
    world.hold('ws-0', false);
    await world.until('it holds what is newest', () => world.environment('ws-0')?.KEY === '40');
  });
});
