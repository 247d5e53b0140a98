import { describe, expect } from 'vitest';
import { story } from '../driver/story.ts';
import { MINUTE, SECOND } from '../driver/time.ts';
import type { World } from '../driver/world.ts';
import { GROUP } from './editExamples.ts';

const TAGGED = { tags: { workspaces: 'true' } };
const TIERED = { tags: { tier: 'web' } };

/** A second group, with these tags. */
function addGroup({ cloud: { account } }: World, tags: { key: string; value: string }[]): void {
  const [first] = account.securityGroups;
  if (!first) throw new Error('the account has no group');
  account.securityGroups.push({ ...first, id: GROUP.other, name: 'other', tags });
}

async function ready(world: World, name = 'ada'): Promise<void> {
  await world.putSecret(`${name}-env`, { KEY: 'a' });
  await world.createWorkspace(name);
  await world.untilReady(name, 1);
  await world.pass(2 * MINUTE);
}

describe('a look-up alone is no edit', () => {
  story(
    'a group that newly matches, and an image that moves: shown, and taken up by the next launch',
    {},
    async (world) => {
      await ready(world);
      addGroup(world, [{ key: 'workspaces', value: 'true' }]);
      const image = world.releaseImage();
      await world.until('it is shown', () =>
        world.classCondition('standard', 'Resolved')?.message.includes(`${GROUP.other} newly matches`),
      );
      const before = world.versions();
      await world.pass(15 * MINUTE);
      // Neither does an edit that is about something else bring it on.
      await world.editClass('standard', { tags: { team: 'a' } });
      await world.editClass('standard', { rootVolume: { sizeGiB: 20 } });
      await world.pass(15 * MINUTE);
      expect(world.provisions()).toHaveLength(1);
      expect(world.versions()).toEqual(before);
      await world.edit('ada', { requests: { restart: 'now' } });
      const { status } = await world.untilReady('ada', 2);
      expect(status?.launch?.params).toMatchObject({
        imageID: image,
        securityGroupIDs: [GROUP.first, GROUP.other],
        rootVolume: { sizeGiB: 20 },
      });
      await world.editClass('standard', { tags: { team: 'b' }, rootVolume: { sizeGiB: 10 } });
      await world.pass(15 * MINUTE);
      expect(world.provisions()).toHaveLength(2);
    },
  );

  story('groups that EC2 leaves out of an answer for a while replace nothing', {}, async (world) => {
    addGroup(world, [{ key: 'workspaces', value: 'true' }]);
    await ready(world);
    const all = [...world.cloud.account.securityGroups];
    world.cloud.account.securityGroups.splice(0, all.length, ...all.filter(({ id }) => id !== GROUP.other));
    await world.pass(10 * MINUTE);
    await world.editClass('standard', { tags: { team: 'a' } });
    await world.pass(10 * MINUTE);
    world.cloud.account.securityGroups.splice(0, all.length, ...all);
    await world.pass(10 * MINUTE);
    expect(world.provisions()).toHaveLength(1);
    expect(world.classCondition('standard', 'Resolved')?.message).not.toContain('any more');
  });
});

describe('an edit that can’t be decided yet', () => {
  const away = (world: World) =>
    world.ec2({
      action: 'DescribeSecurityGroups',
      fault: { kind: 'lostRequest', how: 'hang' },
      times: Number.POSITIVE_INFINITY,
    });

  story('is decided once EC2 answers, by another leader too: one provision', {}, async (world) => {
    addGroup(world, [{ key: 'tier', value: 'web' }]);
    await ready(world);
    const lift = away(world);
    await world.editClass('standard', { securityGroups: [TAGGED, TIERED] });
    await world.pass(5 * MINUTE);
    expect(world.provisions()).toHaveLength(1);
    world.leader().kill();
    world.startOperator();
    await world.pass(5 * MINUTE);
    expect(world.provisions()).toHaveLength(1);
    lift();
    await world.untilReady('ada', 2);
    await world.pass(15 * MINUTE);
    expect(world.provisions()).toHaveLength(2);
  });

  story('costs nothing once EC2 says that it selects the same groups', {}, async (world) => {
    await ready(world);
    world.cloud.account.securityGroups[0]?.tags.push({ key: 'tier', value: 'web' });
    const lift = away(world);
    await world.editClass('standard', { securityGroups: [TAGGED, TIERED] });
    await world.pass(5 * MINUTE);
    lift();
    await world.pass(15 * MINUTE);
    expect(world.provisions()).toHaveLength(1);
    expect(world.condition('ada', 'UpToDate')?.status).toBe('True');
  });
});

describe('an edit that is taken back', () => {
  story('before a successor is launched costs no provision, however often', {}, async (world) => {
    await world.createFleet(4);
    await world.pass(2 * MINUTE);
    // Who comes first can't be launched, so that all others wait in line.
    const relent = world.refuse('*', 'Unsupported', { dryRun: true });
    for (let round = 0; round < 3; round += 1) {
      await world.editClass('standard', { instanceProfile: 'workspace' });
      await world.until('the edit is on record', () =>
        world.workspaces().every(({ status }) => (status?.desired?.generation ?? 0) >= 2 + 2 * round),
      );
      await world.editClass('standard', { instanceProfile: null });
      // No time for the record to follow.
      if (round === 2) relent();
      await world.pass(MINUTE);
    }
    await world.untilAllReady(1);
    await world.pass(15 * MINUTE);
    expect(world.provisions()).toHaveLength(4);
    await world.editClass('standard', { instanceProfile: 'workspace' });
    await world.untilAllReady(2);
    await world.pass(15 * MINUTE);
    expect(world.provisions()).toHaveLength(8);
  });
});

describe('exactly one provision', () => {
  story('of an edit whose decider dies as soon as it is on record', {}, async (world) => {
    await ready(world);
    await world.editClass('standard', { rootVolume: { sizeGiB: 40 } });
    await world.until('it is on record', () => world.workspace('ada').status?.desired?.generation === 2);
    world.leader().kill();
    await world.pass(30 * SECOND);
    world.startOperator();
    await world.untilReady('ada', 2);
    await world.pass(15 * MINUTE);
    expect(world.provisions()).toHaveLength(2);
  });

  story('of an edit while no operator runs', {}, async (world) => {
    await ready(world);
    await world.leader().stop();
    await world.editClass('standard', { rootVolume: { sizeGiB: 40 }, tags: { a: 'b' } });
    await world.pass(MINUTE);
    world.startOperator();
    await world.untilReady('ada', 2);
    await world.pass(15 * MINUTE);
    expect(world.provisions()).toHaveLength(2);
  });

  story('of an edit while it restarts for another reason', {}, async (world) => {
    await ready(world);
    await world.edit('ada', { requests: { restart: 'now' } });
    await world.until('its successor waits', () => world.workspace('ada').status?.launch?.number === 2);
    await world.editClass('standard', { rootVolume: { sizeGiB: 40 } });
    const { status } = await world.untilReady('ada', 2);
    await world.pass(15 * MINUTE);
    expect(world.provisions()).toHaveLength(2);
    expect(status?.launch?.params?.rootVolume.sizeGiB).toBe(40);
  });
});
