import { describe, expect } from 'vitest';
import { story } from '../driver/story.ts';
import { MINUTE, SECOND } from '../driver/time.ts';

const BUDGET = { standard: { rollout: { maxUnavailable: '2', minIntervalSeconds: 10 } } };

describe('eight Workspaces that share a Secret, two of which may be down', () => {
  story('the Secret changes: each is replaced once, and never three are down', BUDGET, async (world) => {
    for (let index = 0; index < 8; index += 1) await world.putSecret(`ws-${index}-own`, { OWN: `${index}` });
    const names = await world.createFleet(8, (name) => world.from('shared-env', `${name}-own`));
    world.always('two at most are down', () => world.down().length <= 2 || `${world.down()} are down`);
    const most = world.most(() => world.down().length);
    await world.putSecret('shared-env', { KEY: 'b' });
    await world.untilAllReady(2);
    expect(most()).toBe(2);
    expect(world.provisions()).toHaveLength(16);
    for (const [index, name] of names.entries())
      expect(world.environment(name)).toEqual({ KEY: 'b', OWN: `${index}` });
  });

  story(
    'it changes again midway: none is replaced twice for the same content, none is left behind',
    BUDGET,
    async (world) => {
      const names = await world.createFleet(8);
      const most = world.most(() => world.down().length);
      const updated = () => world.klass('standard').status?.rollout?.updated ?? 0;
      await world.putSecret('shared-env', { KEY: 'b' });
      await world.until('three are replaced', () => updated() >= 3);
      await world.putSecret('shared-env', { KEY: 'c' });
      await world.until('all hold the newest content', () =>
        names.every((name) => world.environment(name)?.KEY === 'c'),
      );
      await world.pass(5 * MINUTE);
      const each = names.map((name) => world.provisions(name).length);
      expect([Math.min(...each), Math.max(...each)]).toEqual([2, 3]);
      expect(most()).toBe(2);
      expect(world.klass('standard').status?.rollout).toMatchObject({ total: 8, updated: 8 });
    },
  );

  story('its own Secret of one changes: only that one is replaced', BUDGET, async (world) => {
    await world.putSecret('ws-3-own', { OWN: 'a' });
    await world.createFleet(8, (name) => (name === 'ws-3' ? world.from('shared-env', 'ws-3-own') : {}));
    await world.putSecret('ws-3-own', { OWN: 'b' });
    await world.untilReady('ws-3', 2);
    await world.pass(10 * MINUTE);
    expect(world.provisions()).toHaveLength(9);
    expect(world.environment('ws-3')).toEqual({ KEY: 'a', OWN: 'b' });
  });

  story('the API server is slow and EC2 throttles: the same', BUDGET, async (world) => {
    await world.createFleet(8);
    world.always('two at most are down', () => world.down().length <= 2 || `${world.down()} are down`);
    world.apiServer({ effect: { kind: 'latency', ms: 500, jitterMs: 3_000 } });
    const throttled = { kind: 'error', code: 'RequestLimitExceeded' } as const;
    for (const action of ['RunInstances', 'TerminateInstances', 'DescribeInstances'])
      world.ec2({ action, fault: throttled, times: 5 });
    await world.putSecret('shared-env', { KEY: 'b' });
    await world.untilAllReady(2);
    expect(world.provisions()).toHaveLength(16);
  });

  story(
    'the account’s quota is used up: what runs goes on, and what waits comes once there is room',
    BUDGET,
    async (world) => {
      await world.createFleet(8);
      world.quota({ instances: 8 });
      await world.createWorkspace('late', world.from('shared-env'));
      await world.until('it is said', () =>
        world.condition('late', 'Ready')?.message.includes('InstanceLimitExceeded'),
      );
      await world.pass(20 * MINUTE);
      expect(world.down()).toEqual(['late']);
      expect(world.provisions()).toHaveLength(8);
      world.quota({ instances: 9 });
      await world.untilReady('late');
      expect(world.provisions()).toHaveLength(9);
    },
  );
});

describe('one change is one provision', () => {
  story('reported dead four times while it is pending and boots', {}, async (world) => {
    await world.createFleet(1);
    world.hold('ws-0', true);
    await world.putSecret('shared-env', { KEY: 'b' });
    for (const state of ['pending', 'running']) {
      await world.until(`its successor is ${state}`, () => {
        const { launch, instance } = world.workspace('ws-0').status ?? {};
        return launch?.number === 2 && instance?.state === state;
      });
      for (let count = 0; count < 2; count += 1) {
        await world.report('ws-0');
        await world.pass(5 * SECOND);
      }
    }
    world.hold('ws-0', false);
    await world.untilReady('ws-0', 2);
    await world.pass(10 * MINUTE);
    expect(world.provisions()).toHaveLength(2);
    expect(world.terminations()).toHaveLength(1);
  });

  story('the answer of its launch is lost, and the replay is refused', {}, async (world) => {
    await world.createFleet(1);
    world.ec2({ action: 'RunInstances', fault: { kind: 'lostResponse', how: 'reset' } }, 'ws-0');
    world.refuse('ws-0', 'InsufficientInstanceCapacity', { times: 1 });
    await world.putSecret('shared-env', { KEY: 'b' });
    await world.until('the new one heartbeats', () => world.environment('ws-0')?.KEY === 'b');
    await world.untilReady('ws-0');
    await world.pass(10 * MINUTE);
    expect(world.provisions()).toHaveLength(2);
    expect(world.live('ws-0')).toHaveLength(1);
  });

  story('three changes while it is paused', {}, async (world) => {
    await world.createFleet(1);
    await world.edit('ws-0', { paused: true });
    for (const KEY of ['b', 'c', 'd']) {
      await world.putSecret('shared-env', { KEY });
      await world.pass(5 * MINUTE);
    }
    expect(world.provisions()).toHaveLength(1);
    await world.edit('ws-0', { paused: false });
    await world.until('it holds the last', () => world.environment('ws-0')?.KEY === 'd');
    await world.pass(10 * MINUTE);
    expect(world.provisions()).toHaveLength(2);
  });
});
