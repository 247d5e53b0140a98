import { describe, expect } from 'vitest';
import { currentState } from '../../../dev/ec2/base/model.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { NAMESPACE } from '../../simulator/scene/shape.ts';
import { play, story } from '../driver/story.ts';
import { MINUTE, SECOND } from '../driver/time.ts';
import type { World, WorldOptions } from '../driver/world.ts';

const QUEUE = { aws: { eventsQueueUrl: 'https://sqs.eu-sim-1.amazonaws.com/123456789012/workspace-events' } };
const queued: WorldOptions = { settings: QUEUE };

async function rested(world: World, count = 1): Promise<readonly string[]> {
  const names = await world.createFleet(count);
  await world.pass(3 * MINUTE);
  expect(await rests(world), 'sweeps rest').toBe(1);
  return names;
}

const rests = (world: World) => world.leader().metric('workspace_ec2_sweeps_resting');
const distrust = (world: World) =>
  world
    .events('workspace-operator')
    .filter(({ reason }) => reason === 'EventsDistrusted')
    .map(({ note }) => note)
    .join('\n');
const reads = (world: World) => world.calls('DescribeInstances');

async function readsIn(world: World, ms: number): Promise<number> {
  const before = reads(world);
  await world.pass(ms);
  return reads(world) - before;
}

const instanceOf = (world: World, name: string): string => {
  const [id] = world.live(name);
  if (!id) throw new Error(`${name} has no instance`);
  return id;
};

const isKnown = (world: World, name: string, id: string) => {
  const { launch, terminating, instance } = world.workspace(name).status ?? {};
  return launch?.ended || terminating?.some((it) => it.instanceID === id) || instance?.id !== id;
};

async function knownAfter(world: World, name: string, id: string): Promise<number> {
  const begun = world.now();
  await world.until(`the end of ${id} is known`, () => isKnown(world, name, id));
  return world.now() - begun;
}

describe('sweeps rest while events tell of changes', () => {
  story('an end is known within 2 s of its message, at any moment of the rest', queued, async (world) => {
    const names = await rested(world, 3);
    expect(await readsIn(world, 5 * MINUTE)).toBeLessThanOrEqual(5);
    for (const name of names) {
      await world.pass(61 * SECOND);
      await world.until('sweeps rest', async () => (await rests(world)) === 1);
      await world.pass(17 * SECOND * names.indexOf(name));
      const id = instanceOf(world, name);
      world.faults.end(id);
      expect(await knownAfter(world, name, id)).toBeLessThanOrEqual(2 * SECOND);
      await world.untilReady(name, 2);
    }
    expect(world.provisions()).toHaveLength(2 * names.length);
    expect(await world.leader().metric('workspace_ec2_events_missed_total')).toBe(0);
  });

  story(
    'late, doubled and out of order, events change nothing but when EC2 is asked',
    queued,
    async (world) => {
      const names = await rested(world, 4);
      let nth = 0;
      world.cloud.events.deliver(() => {
        nth += 1;
        return (
          [[20 * SECOND, 0], [7 * SECOND], [0, 0, 28 * SECOND], [12 * SECOND, 3 * SECOND]][nth % 4] ?? []
        );
      });
      for (const name of names) world.faults.end(instanceOf(world, name));
      for (const name of names) await world.untilReady(name, 2);
      await world.pass(10 * MINUTE);
      expect(world.provisions()).toHaveLength(8);
      expect(world.cloud.events.waiting()).toBe(0);
    },
  );

  story(
    'a queue that goes silent ends the rest, and the sweep finds what it did not tell',
    queued,
    async (world) => {
      const [name = ''] = await rested(world);
      const id = instanceOf(world, name);
      world.cloud.events.deliver(() => []);
      world.faults.end(id);
      expect(await knownAfter(world, name, id)).toBeLessThanOrEqual(62 * SECOND);
      await world.until(
        'the rest ends',
        async () => (await world.leader().metric('workspace_ec2_events_missed_total')) > 0,
      );
      expect(await rests(world)).toBe(0);
      await world.untilReady(name, 2);
      await world.pass(2 * MINUTE);
      expect(await readsIn(world, MINUTE)).toBeGreaterThanOrEqual(6);
      expect(distrust(world)).toMatch(/no event told of a change that EC2 shows \(i-/);
      // Once it tells again, and for ten minutes has missed nothing, sweeps rest again.
      world.cloud.events.deliver(() => [0]);
      await world.pass(11 * MINUTE);
      world.faults.end(instanceOf(world, name));
      await world.untilReady(name, 3);
      await world.pass(3 * MINUTE);
      expect(await rests(world)).toBe(1);
      expect(world.provisions()).toHaveLength(3);
    },
  );

  story('a queue that tells of nothing from the beginning gives no rest', queued, async (world) => {
    world.cloud.events.deliver(() => []);
    await world.createFleet(1);
    await world.pass(5 * MINUTE);
    expect(await rests(world)).toBe(0);
    expect(await readsIn(world, MINUTE)).toBeGreaterThanOrEqual(6);
  });

  story(
    'a queue that can’t be read ends the rest at once, and EC2 being away with it is reported as without one',
    queued,
    async (world) => {
      await rested(world);
      const lift = world.ec2({
        action: 'ReceiveMessage',
        fault: { kind: 'error', code: 'AccessDenied' },
        times: Number.POSITIVE_INFINITY,
      });
      await world.until('the rest ends', async () => (await rests(world)) === 0, 21 * SECOND);
      expect(await readsIn(world, MINUTE)).toBeGreaterThanOrEqual(6);
      expect(distrust(world)).toMatch(/AccessDenied/);
      lift();
      await world.pass(3 * MINUTE);
      expect(await rests(world)).toBe(1);
      const back = world.cut('cloud');
      await world.until(
        'it is reported',
        () => world.classCondition('standard', 'CloudAvailable')?.status === 'False',
        2 * MINUTE,
      );
      await back();
      await world.until(
        'it is back',
        () => world.classCondition('standard', 'CloudAvailable')?.status === 'True',
        2 * MINUTE,
      );
    },
  );

  story('a rest is no outage: EC2 counts as available all the while', queued, async (world) => {
    await rested(world);
    world.always(
      'available',
      () => world.classCondition('standard', 'CloudAvailable')?.status !== 'False' || 'EC2 counts as away',
    );
    await world.pass(10 * MINUTE);
    expect(await rests(world)).toBe(1);
  });
});

describe('a message', () => {
  story(
    'that is forged costs one look-up at most, and provisions and ends nothing',
    queued,
    async (world) => {
      const [name = ''] = await rested(world);
      const id = instanceOf(world, name);
      const { events } = world.cloud;
      const forged = (of: string, state: string) =>
        events.bodyOf('aws.ec2', 'EC2 Instance State-change Notification', of, { state });
      // Of instances that are not ours there may be any number.
      const quiet = await readsIn(world, MINUTE);
      for (let nth = 0; nth < 500; nth += 1)
        events.send(forged(`i-${nth.toString(16).padStart(17, '0')}`, 'terminated'));
      events.send('not JSON');
      events.send(JSON.stringify({ detail: { __proto__: null, 'instance-id': 'constructor' } }));
      expect(await readsIn(world, MINUTE)).toBeLessThanOrEqual(quiet + 1);
      expect(await world.leader().series('workspace_ec2_event_messages_total')).toMatchObject({
        foreign: 502,
      });
      const before = reads(world);
      events.send(forged(id, 'terminated'));
      await world.pass(2 * SECOND);
      // Its one look-up, and the sweep that an unconfirmed message has run.
      expect(reads(world) - before).toBeLessThanOrEqual(2);
      for (let nth = 0; nth < 50; nth += 1)
        events.send(forged(id, ['stopped', 'terminated', 'stopping'][nth % 3] ?? ''));
      events.send(`{"source":"aws.ec2","detail-type":"${id}"`);
      await world.pass(10 * MINUTE);
      expect(world.provisions()).toHaveLength(1);
      expect(world.terminations()).toEqual([]);
      expect(world.cloud.events.waiting()).toBe(0);
      expect(world.condition(name, 'Ready')?.status).toBe('True');
      expect(
        await world.leader().metric('workspace_ec2_event_messages_total', { outcome: 'unreadable' }),
      ).toBe(1);
    },
  );

  story(
    'of a Spot interruption has EC2 asked when the two minutes are over',
    {
      ...queued,
      standard: { capacityTypes: ['Spot'], stopBehavior: 'Terminate' },
    },
    async (world) => {
      const [name = ''] = await rested(world);
      const id = instanceOf(world, name);
      // Only the notice comes.
      world.cloud.events.deliver(({ type }) => (type.includes('Interruption') ? [0] : []));
      world.faults.interrupt(id);
      await world.until('it ends', () =>
        world.instances(name).every((it) => it.id !== id || currentState(it) !== 'running'),
      );
      expect(await knownAfter(world, name, id)).toBeLessThanOrEqual(3 * SECOND);
      await world.untilReady(name, 2);
    },
  );
});

describe('who needs a sweep has it as without a queue', () => {
  const doubt = async (options: WorldOptions): Promise<number> => {
    let took = 0;
    await play(options, async (world) => {
      const [name = ''] = await world.createFleet(1);
      await world.pass(5 * MINUTE);
      // Carried out, and nothing comes back: a sweep alone shows the instance.
      const lift = world.ec2({
        action: 'RunInstances',
        fault: { kind: 'lostResponse', how: 'reset' },
        times: Number.POSITIVE_INFINITY,
      });
      const provisions = world.provisions().length;
      await world.putSecret('shared-env', { KEY: 'b' });
      await world.until('the launch is carried out', () => world.provisions().length > provisions);
      const begun = world.now();
      await world.until('it is adopted', () => {
        const { launch } = world.workspace(name).status ?? {};
        return launch?.number === 2 && launch.instanceID !== undefined;
      });
      took = world.now() - begun;
      lift();
      expect(world.provisions()).toHaveLength(2);
    });
    return took;
  };

  story('a launch in doubt is not delayed by the rest', {}, async () => {
    expect(await doubt(queued)).toBeLessThanOrEqual((await doubt({})) + SECOND);
  });

  const silence = async (options: WorldOptions): Promise<number> => {
    let took = 0;
    await play(options, async (world) => {
      const [name = ''] = await world.createFleet(4);
      await world.pass(5 * MINUTE);
      const begun = world.now();
      world.silence(name, true);
      await world.until('it is replaced', () => world.provisions(name).length === 2);
      took = world.now() - begun;
    });
    return took;
  };

  story('a silent instance is replaced as soon', {}, async () => {
    expect(await silence(queued)).toBeLessThanOrEqual((await silence({})) + 11 * SECOND);
  });

  story('a wiped status is put back as soon', queued, async (world) => {
    const [name = ''] = await rested(world);
    const begun = world.now();
    const target = { name, namespace: NAMESPACE, subresource: 'status' as const };
    await world.scene.kube.mergePatch(WORKSPACES, target, { status: null });
    await world.until('it is back', () => (world.workspace(name).status?.launch?.number ?? 0) === 1);
    // T_late and T_vis, and a sweep.
    expect(world.now() - begun).toBeLessThanOrEqual(7 * MINUTE + 12 * SECOND);
    expect(world.provisions()).toHaveLength(1);
  });

  story(
    'a term begins with a sweep, only the leader takes messages, and no end is lost between',
    { ...queued, replicas: 2 },
    async (world) => {
      const [name = ''] = await rested(world);
      const id = instanceOf(world, name);
      world.leader().kill();
      world.faults.end(id);
      await world.untilLeader();
      expect(await knownAfter(world, name, id)).toBeLessThanOrEqual(3 * SECOND);
      await world.untilReady(name, 2);
      expect(world.provisions()).toHaveLength(2);
    },
  );
});
