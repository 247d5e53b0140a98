import { describe, expect } from 'vitest';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import { TAG } from '../../../src/api/launch/tags.ts';
import { story } from '../driver/story.ts';
import { MINUTE } from '../driver/time.ts';
import type { World } from '../driver/world.ts';
import { ALL_DOWN, another, halts, putCopy, replicate, tryBroken } from './replicated.ts';

describe('one Secret that is replicated into many namespaces', () => {
  story(
    'is tried by one first, and halts when that one fails, though operators die in the middle',
    ALL_DOWN,
    (world) => tryBroken(world, 24),
  );

  story('reaches all of them once one came up with it, each by one provision', ALL_DOWN, async (world) => {
    const names = await replicate(world, 12, 'a');
    world.hold('*', true);
    for (const name of names) await putCopy(world, name, 'b');
    await world.until('one is down', () => world.down().length > 0);
    another(world);
    await world.pass(MINUTE);
    expect(world.down()).toHaveLength(1);
    world.hold('*', false);
    await world.untilAllReady(2);
    expect(world.provisions()).toHaveLength(24);
  });

  story('halts for one namespace alone no longer once it was resumed', ALL_DOWN, async (world) => {
    const names = await replicate(world, 4, 'a');
    world.hold('*', true);
    for (const name of names) await putCopy(world, name, 'broken');
    await world.until('it is halted', () => halts(world).length > 0, 60 * MINUTE);
    world.hold('*', false);
    await world.editClass('standard', { requests: { resume: 'now' } });
    await world.until('nothing is halted', () => halts(world).length === 0);
    for (const name of names) await world.untilReady(name);
  });
});

/** All that a tenant can see of a Workspace of theirs, but for what the cluster’s or the class’s Workspaces have in common. */
function shownOf(world: World, name: string): string {
  const { status, ...rest } = world.workspace(name);
  const { launch, desired, ...others } = status as NonNullable<Workspace['status']>;
  const { params, sender: ___, machine: _, ...ofLaunch } = launch ?? {};
  const { machine: __, ...ofDesired } = desired ?? {};
  const short = name.split('/')[1] ?? name;
  const instance = world.instances(short).at(-1);
  const agent = world.scene.agents.reports().find(({ instanceID }) => instanceID === instance?.id);
  const events = world.events(short);
  const { before, ...replacement } = others.replacement ?? {};
  return JSON.stringify({
    metadata: rest.metadata,
    status: {
      ...others,
      replacement,
      before: before?.env,
      ofLaunch,
      ofDesired,
      mac: params?.mac?.split(/[.:]/).at(-1),
    },
    tags: instance?.tags.filter(({ key }) => key !== TAG.cluster),
    agent,
    events,
  });
}

/** As long as digests and what is sealed are, in any encoding. */
function digests(text: string): Set<string> {
  return new Set(text.match(/[A-Za-z0-9_-]{32,}/g));
}

function hex(text: string): Set<string> {
  return new Set(text.match(/[0-9a-f]{8,}/gi));
}

describe('two namespaces with the same content in their Secrets', () => {
  story('show nothing that gives it away', ALL_DOWN, async (world) => {
    await replicate(world, 2, 'a');
    await seeNothing(world, 'after the first launch');
    world.hold('*', true);
    for (const name of ['team-0/ws-0', 'team-1/ws-1']) await putCopy(world, name, 'b');
    await world.until('it is halted', () => halts(world).length > 0, 60 * MINUTE);
    await seeNothing(world, 'while it is halted');
    world.hold('*', false);
    await world.editClass('standard', { requests: { resume: 'now' } });
    for (const name of ['team-0/ws-0', 'team-1/ws-1']) await world.untilReady(name);
    await world.pass(MINUTE);
    await seeNothing(world, 'after the change');
  });
});

async function seeNothing(world: World, when: string): Promise<void> {
  const [some = '', others = ''] = ['team-0/ws-0', 'team-1/ws-1'].map((name) => shownOf(world, name));
  const ofClass = JSON.stringify(world.klass('standard'));
  const common = (all: (text: string) => Set<string>, one: string, other: string) =>
    [...all(one)].filter((token) => all(other).has(token));
  expect({ when, common: common(hex, some, others) }).toEqual({ when, common: [] });
  for (const one of [some, others])
    expect({ when, common: common(digests, one, ofClass) }).toEqual({ when, common: [] });
  expect({ when, common: common(digests, some, others) }).toEqual({ when, common: [] });
}
