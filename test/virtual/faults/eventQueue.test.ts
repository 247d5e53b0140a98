import { describe, expect } from 'vitest';
import { currentState } from '../../../dev/ec2/base/model.ts';
import { story } from '../driver/story.ts';
import { MINUTE, SECOND } from '../driver/time.ts';
import { distrust, instanceOf, knownAfter, queued, reads, readsIn, rested, rests } from './queued.ts';

describe('sweeps rest while events report changes', () => {
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
    'a queue that goes silent ends the rest, and the sweep finds what it did not report',
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
      expect(distrust(world)).toMatch(/no event reported a change that EC2 shows \(i-/);
      // Once it reports again, and for ten minutes has missed nothing, sweeps rest again.
      world.cloud.events.deliver(() => [0]);
      await world.pass(11 * MINUTE);
      world.faults.end(instanceOf(world, name));
      await world.untilReady(name, 3);
      await world.pass(3 * MINUTE);
      expect(await rests(world)).toBe(1);
      expect(world.provisions()).toHaveLength(3);
    },
  );

  story('a queue that reports nothing from the beginning gives no rest', queued, async (world) => {
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
    await world.pass(4 * MINUTE);
    expect(await rests(world)).toBe(1);
  });
});

describe('a message', () => {
  const lagging = { ...queued, cloud: { timings: { readLag: [4 * SECOND, 4 * SECOND] as const } } };
  story('of what EC2 does not show yet has sweeps run at their normal interval', lagging, async (world) => {
    const [name = ''] = await rested(world);
    const id = instanceOf(world, name);
    const before = reads(world);
    await world.until('a sweep, and with it almost a whole rest', () => reads(world) > before);
    // A second message, of its last state, would have EC2 asked again.
    world.cloud.events.deliver(({ state }) => (state === 'shutting-down' ? [0] : []));
    world.faults.end(id);
    expect(await knownAfter(world, name, id)).toBeLessThanOrEqual(12 * SECOND);
  });

  story('is missed for many at a stroke, and one event says so', queued, async (world) => {
    const names = await rested(world, 5);
    world.cloud.events.deliver(() => []);
    for (const name of names) world.faults.end(instanceOf(world, name));
    await world.pass(3 * MINUTE);
    expect(await world.leader().metric('workspace_ec2_events_missed_total')).toBeGreaterThanOrEqual(5);
    expect(distrust(world).split('\n')).toHaveLength(1);
  });

  story(
    'that is forged costs one look-up at most, and provisions and ends nothing',
    queued,
    async (world) => {
      const [name = ''] = await rested(world);
      const id = instanceOf(world, name);
      const { events } = world.cloud;
      const forged = (of: string, state: string) =>
        events.bodyOf('aws.ec2', 'EC2 Instance State-change Notification', of, { state });
      const foreign = () =>
        world.leader().metric('workspace_ec2_event_messages_total', { outcome: 'foreign' });
      const already = await foreign();
      // Of instances that are not ours there may be any number.
      const quiet = await readsIn(world, MINUTE);
      for (let nth = 0; nth < 500; nth += 1)
        events.send(forged(`i-${nth.toString(16).padStart(17, '0')}`, 'terminated'));
      events.send('not JSON');
      events.send(JSON.stringify({ detail: { __proto__: null, 'instance-id': 'constructor' } }));
      expect(await readsIn(world, MINUTE)).toBeLessThanOrEqual(quiet + 1);
      expect(await foreign()).toBe(already + 502);
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
