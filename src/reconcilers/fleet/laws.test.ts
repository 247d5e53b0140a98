import fc from 'fast-check';
import { expect, test } from 'vitest';
import { monoMs } from '../../../test/support/base/moments.ts';
import { conditionsOf, createFleetWorld, DOWN, serving } from '../../../test/support/fleet/fleetWorld.ts';
import {
  desiredOf,
  envDigest,
  MINUTE,
  stamp,
  statusOf,
  waiting,
} from '../../../test/support/workspace/facts.ts';
import type { Workspace, WorkspaceStatus } from '../../api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../api/kinds/workspaceClass.ts';
import { slotIsFree, unverified } from '../workspace/decide/replace/rollout.ts';
import { roomIsLeft } from '../workspace/decide/room/limits.ts';
import { AS_IN_STATUS } from './contentNames.ts';
import { createFleet } from './fleet.ts';
import { shownOf } from './news.ts';

const B = envDigest('b');
const C = envDigest('c');
const due = desiredOf(2, 'b');
const waits = (reason: string) => conditionsOf({ Ready: ['True', 'Ready'], UpToDate: ['False', reason] });
const past = (number: number, kind: 'SecretChanged' | 'TimedOut', agoMs: number) => ({
  number,
  generation: 2,
  cause: { kind, ref: String(number) },
  outcome: 'TimedOut' as const,
  endedAt: stamp(-agoMs),
});
const failed = (agoMs: number) =>
  statusOf({
    launch: waiting(4, { cause: { kind: 'TimedOut', ref: '3' }, generation: 2, failures: 2 }),
    desired: due,
    conditions: DOWN,
    history: [past(3, 'TimedOut', agoMs), past(2, 'SecretChanged', agoMs)],
  });
const notLaunched = (reason?: string): WorkspaceStatus =>
  statusOf({
    launch: { number: 0, generation: 0, phase: 'Closed', failures: 0 },
    instance: undefined,
    conditions: reason === undefined ? [] : conditionsOf({ Ready: ['False', reason] }),
  });

type Replacement = NonNullable<WorkspaceStatus['replacement']>;
/** Was given up for content b while it served, and has not served since. */
const takenDown = (reason: string, more: Partial<Replacement> = {}, content = 'b'): WorkspaceStatus =>
  statusOf({
    launch: waiting(4, { cause: { kind: 'TimedOut', ref: '3' }, generation: 2 }),
    desired: desiredOf(2, content),
    conditions: conditionsOf({ Ready: ['False', reason] }),
    replacement: {
      number: 2,
      since: stamp(-5 * MINUTE),
      slot: true,
      before: { env: envDigest('a') },
      ...more,
    },
  });
const failures = (content: string, ...agoMs: number[]) =>
  agoMs.map((ms, index) => ({ number: 3 - index, at: stamp(-ms), contents: [content] }));

const STATUSES: readonly (WorkspaceStatus | undefined)[] = [
  undefined,
  serving(MINUTE),
  serving(0, { desired: desiredOf(1, 'b'), instance: { id: 'i-1', state: 'running', env: B } }),
  serving(0, { desired: desiredOf(2, 'c'), conditions: waits('RolloutVerifying') }),
  serving(2 * MINUTE, { desired: due, conditions: waits('RolloutQueued') }),
  serving(MINUTE, { desired: due, conditions: waits('RolloutVerifying') }),
  statusOf({ launch: waiting(2), desired: due, conditions: DOWN }),
  statusOf({ launch: waiting(2), desired: desiredOf(2, 'c'), conditions: DOWN }),
  failed(3 * MINUTE),
  failed(MINUTE),
  notLaunched(),
  notLaunched('ClassLimitReached'),
  notLaunched('QuotaExceeded'),
  takenDown('Launching'),
  takenDown('QuotaExceeded', { refusedAt: stamp(-MINUTE) }),
  takenDown('QuotaExceeded', { refusedAt: stamp(-3 * MINUTE) }),
  takenDown('Restarting', { failures: failures(B, MINUTE, MINUTE) }),
  takenDown('Restarting', { failures: failures(B, MINUTE, 3 * MINUTE) }),
  takenDown('Restarting', { failures: failures(C, MINUTE, MINUTE) }, 'c'),
  takenDown('SecretMissing'),
  serving(MINUTE, { desired: desiredOf(2, 'd'), conditions: waits('RolloutHalted') }),
  serving(MINUTE, { desired: due, conditions: waits('RolloutHalted') }),
];

const SPECS = [
  {},
  { maxInstances: 2 },
  { maxInstancesPerNamespace: 1 },
  { maxInstances: 3, maxInstancesPerNamespace: 2 },
  { rollout: { maxUnavailable: '2' } },
  { rollout: { maxUnavailable: '50%' }, maxInstances: 4 },
];

type Step =
  | { kind: 'write'; who: number; status: number }
  | { kind: 'take' | 'refuse' | 'lose' | 'prove' | 'rejoin' | 'remove'; who: number }
  | { kind: 'edit'; spec: number; resumed: boolean };
const who = fc.integer({ min: 0, max: 7 });
const write: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('write' as const),
  who,
  status: fc.integer({ min: 0, max: STATUSES.length - 1 }),
});
const other: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('take' as const, 'refuse', 'lose', 'prove', 'rejoin', 'remove'),
  who,
});
const edit: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('edit' as const),
  spec: fc.integer({ min: 0, max: SPECS.length - 1 }),
  resumed: fc.boolean(),
});
const steps = fc.array(fc.oneof({ weight: 6, arbitrary: write }, { weight: 4, arbitrary: other }, edit), {
  maxLength: 80,
  size: 'max',
});

/** A fleet, and for each of its Workspaces what it saw when it last looked: at its own changes, and when it was woken. */
function createScene() {
  const world = createFleetWorld();
  const saw = new Map<string, boolean>();
  const taken = new Map<string, Workspace>();
  const namespaceOf = (index: number) => `n${index % 3}`;
  const get = (index: number) => world.workspaces.get(`${namespaceOf(index)}/w${index}`);
  let wakes = 0;

  /** Whether it could go now, if it waits for others. */
  function mayGo(workspace: Workspace): boolean {
    const klass = world.classes.get('standard');
    const { status } = workspace;
    const reason = (type: string) => status?.conditions?.find((it) => it.type === type)?.reason;
    if (!klass) return false;
    const contents = status?.desired ? [status.desired.env] : [];
    const fact = fleet.factFor(workspace, contents);
    if (reason('UpToDate') === 'RolloutQueued') return slotIsFree(fact, klass.spec);
    if (reason('UpToDate') === 'RolloutVerifying') return unverified(fact, contents) === undefined;
    if (reason('UpToDate') === 'RolloutHalted') return fact.halt === undefined;
    if (reason('Ready') === 'ClassLimitReached') return roomIsLeft(fact, klass.spec);
    return false;
  }

  const look = (key: string) => {
    const workspace = world.workspaces.get(key);
    if (workspace) saw.set(key, mayGo(workspace));
    else saw.delete(key);
  };
  const fleet = createFleet({
    ...world,
    onClass: () => undefined,
    onPlace(key) {
      wakes += 1;
      look(key);
    },
  });
  let version = 10_000;

  function editClass(spec: (typeof SPECS)[number], resumed: boolean): void {
    const held = world.classes.get('standard');
    if (!held) return;
    version += 1;
    const handled = resumed ? { resume: 'a', resumedAt: stamp(-2 * MINUTE) } : {};
    const base = { ...held.spec, maxInstances: undefined, maxInstancesPerNamespace: undefined };
    world.classes.applyWrite({
      ...held,
      metadata: { ...held.metadata, resourceVersion: String(version) },
      spec: { ...base, ...spec } as WorkspaceClass['spec'],
      status: { observedGeneration: 1, handled },
    });
  }

  function step(it: Step): void {
    if (it.kind === 'edit') {
      const spec = SPECS[it.spec];
      if (spec) editClass(spec, it.resumed);
      return;
    }
    const namespace = namespaceOf(it.who);
    const present = get(it.who);
    const uid = `${namespace}-w${it.who}`;
    const mine = taken.get(uid);
    if (it.kind === 'write') {
      const creationTimestamp = stamp(it.who * 1_000);
      const written = world.write(`w${it.who}`, STATUSES[it.status], { namespace, creationTimestamp });
      look(`${namespace}/${written.metadata.name}`);
    } else if (it.kind === 'remove') {
      world.remove(`w${it.who}`, namespace);
      saw.delete(`${namespace}/w${it.who}`);
    } else if (it.kind === 'take' && present) {
      const contents = present.status?.desired ? [present.status.desired.env] : [];
      const waitsForRoom = present.status?.launch?.number === 0;
      const claim = { slot: !waitsForRoom, room: waitsForRoom, contents: waitsForRoom ? [] : contents };
      if (fleet.take(present, claim)) taken.set(uid, present);
    } else if (it.kind === 'refuse' && mine) fleet.refused(mine);
    else if (it.kind === 'lose' && mine) fleet.unanswered(mine, monoMs(0));
    else if (it.kind === 'prove') fleet.notLanded(uid);
    else if (
      it.kind === 'rejoin' &&
      present &&
      mine?.metadata.resourceVersion !== present.metadata.resourceVersion
    ) {
      // A pass: it looks, and decides that it has nothing to take. None begins while a write of its own is under way.
      fleet.rejoin(uid);
      look(`${namespace}/w${it.who}`);
    }
    if (it.kind === 'refuse' || it.kind === 'lose') taken.delete(uid);
  }

  return { world, fleet, step, mayGo, saw, wakes: () => wakes };
}

/** Takes the permits away, as another version of each object does. */
function settleAll({ world }: ReturnType<typeof createScene>): void {
  for (const { metadata, status } of world.workspaces.list()) {
    const { name, namespace, creationTimestamp } = metadata;
    world.write(name, status, { namespace, creationTimestamp });
  }
}

test('none is forgotten: each that may go and could not when it last looked is woken, after any events in between', () => {
  fc.assert(
    fc.property(steps, (plan) => {
      const scene = createScene();
      const { world, fleet, saw, mayGo } = scene;
      /** Its write was refused: it comes back by its own backoff. */
      const aside = new Set<string>();
      for (const it of plan) {
        scene.step(it);
        if (it.kind !== 'edit') {
          const key = `n${it.who % 3}/w${it.who}`;
          if (it.kind === 'refuse') aside.add(key);
          else if (it.kind === 'rejoin' || it.kind === 'write') aside.delete(key);
        }
        for (const workspace of world.workspaces.list()) {
          const key = `${workspace.metadata.namespace}/${workspace.metadata.name}`;
          if (aside.has(key) || fleet.doubtOf(workspace.metadata.uid)) continue;
          if (saw.get(key) === false) expect([key, mayGo(workspace)]).toEqual([key, false]);
        }
      }
    }),
    { numRuns: 150 },
  );
});

test('sums that were kept as everything changed are those of a process that begins now', () => {
  fc.assert(
    fc.property(steps, (plan) => {
      const scene = createScene();
      for (const it of plan) scene.step(it);
      settleAll(scene);
      const { world, fleet } = scene;
      const fresh = world.fleet();
      const klass = world.classes.get('standard');
      for (const workspace of world.workspaces.list())
        expect(fleet.factFor(workspace, [B, C])).toEqual(fresh.factFor(workspace, [B, C]));
      const [kept, begun] = [fleet.of('standard'), fresh.of('standard')];
      expect(kept === undefined).toBe(begun === undefined);
      if (!kept || !begun) return;
      expect(shownOf(kept, klass, AS_IN_STATUS)).toEqual(shownOf(begun, klass, AS_IN_STATUS));
      expect(kept.standing.dueSince()).toEqual(begun.standing.dueSince());
      expect(kept.standing.meanMs()).toEqual(begun.standing.meanMs());
      for (const name of [B, C]) {
        const { message: _, ...summary } = kept.contents.summaryOf(name);
        expect(begun.contents.summaryOf(name)).toMatchObject(summary);
      }
    }),
    { numRuns: 150 },
  );
});
