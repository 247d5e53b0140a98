import { CAUSES } from '../../src/api/causes.ts';
import type { Launch } from '../../src/api/workspace.ts';
import { typeOf } from './machine.ts';
import { NOW, timing } from './timing.ts';
import type { TrueInstance, World } from './world.ts';

type Law = (before: World, after: World) => boolean;

/** Each says whether a transition keeps it. */
const LAWS: Record<string, Law> = {
  'S1: at most one live instance a Workspace': (_, { instances, misled }) =>
    misled || instances.filter(isThere).length <= 1,
  'S1: nothing is armed beside a predecessor that EC2 shows': (before, after) =>
    !wasArmed(before, after) ||
    after.object.status?.launch?.sender !== `e${before.process.epoch}` ||
    before.process.view.every(({ number, state, firstAt = 0, lastAt = 0 }) => {
      const gone = state === 'terminated' || lastAt - firstAt >= timing.visibilityMs;
      return gone || number >= numberOf(after);
    }),
  'S2: at most one instance a launch number': (_, { instances }) =>
    new Set(instances.map(({ number }) => number)).size === instances.length,
  'S3: never end the persisted launch while it is wanted': (before, after) =>
    !after.instances.some((it) => {
      const ended = it.state === 'shutting-down' && stateIn(before, it.number) !== 'shutting-down';
      return (
        ended &&
        before.budget.ends === after.budget.ends &&
        !(after.misled || after.object.deleting || it.number < after.highest)
      );
    }),
  'S4: no finalizer removed while an instance may live': (_, { gone, instances, misled }) =>
    misled || !gone || !instances.some(isThere),
  'S5: an end is recorded only of what has ended': (before, after) => {
    const launch = after.object.status?.launch;
    if (after.misled || !launch?.ended || launch.ended.at === before.object.status?.launch?.ended?.at)
      return true;
    if (launch.ended.outcome === 'Deleted' || launch.ended.outcome === 'TimedOut') return true;
    const coming = after.flights.some(({ kind, number }) => kind === 'run' && number === launch.number);
    const truth = after.instances.find((it) => it.number === launch.number);
    return !coming && (!truth || truth.state === 'shutting-down' || truth.state === 'terminated');
  },
  'S6: nothing is spent twice': (_, { ledger }) => {
    const spent = ledger.map((entry) => entry.replace(/^\d+: /, ''));
    return new Set(spent).size === spent.length;
  },
  'S7: an old launch’s heartbeat changes nothing': (before, after) => {
    const launch = after.object.status?.launch;
    if (!launch?.readyAt || launch.readyAt === before.object.status?.launch?.readyAt || after.misled)
      return true;
    const truth = after.instances.find((it) => it.number === launch.number);
    return truth?.row?.boot === truth?.boot;
  },
  'S8: no new number after deletion, and none armed': (before, after) =>
    !before.object.deleting ||
    before.object.status === undefined ||
    !(wasOpened(before, after) || wasArmed(before, after)),
  'nothing is launched while Stopped': (before, after) =>
    !before.object.stopped || !(wasOpened(before, after) || wasArmed(before, after)),
  'S11: no programmatic number while a launch progresses': (before, after) => {
    const cause = after.object.status?.launch?.cause?.kind;
    return !(wasOpened(before, after) && cause && !CAUSES[cause].supersedesStarting && progressed(before));
  },
  'nothing is armed before its turn': (before, after) =>
    !before.queued ||
    !wasArmed(before, after) ||
    after.object.status?.launch?.sender !== `e${before.process.epoch}`,
  'no program gives up what lives before its successor’s turn': (before, after) => {
    const cause = after.object.status?.launch?.cause?.kind;
    // What a former leader had decided on its turn arrives late.
    const present = before.stale.length === after.stale.length;
    if (!before.queued || !present || !cause || !wasOpened(before, after)) return true;
    return CAUSES[cause].spends === 'request' || !isThought(before);
  },
  'no program gives up what lives while no offering has room': (before, after) => {
    const cause = after.object.status?.launch?.cause?.kind;
    const present = before.stale.length === after.stale.length;
    if (!before.lacking || !present || !cause || !wasOpened(before, after)) return true;
    return CAUSES[cause].spends === 'request' || !isThought(before);
  },
  'nothing is begun while paused': (before, after) =>
    !before.object.paused || !(wasOpened(before, after) || wasArmed(before, after)),
  'what is armed is what is on record': (before, after) => {
    const launch = after.object.status?.launch;
    if (!wasArmed(before, after) || !launch?.params || before.stale.length !== after.stale.length)
      return true;
    const [, own, ofClass] = launch.machine?.split(':') ?? [];
    const { instanceType, imageID } = launch.params;
    return instanceType === typeOf(Number(own?.slice(1))) && imageID === `ami-${ofClass}`;
  },
  'S12: replays are byte-equal': (before, after) => {
    const [was, is] = [before.object.status?.launch, after.object.status?.launch];
    if (
      was === is ||
      !was?.params ||
      !is?.params ||
      was.number !== is.number ||
      was.submittedAt !== is.submittedAt
    )
      return true;
    return JSON.stringify(was.params) === JSON.stringify(is.params);
  },
};

/** The name of the law that a transition breaks, if any. */
export function broken(before: World, after: World): string | undefined {
  for (const [name, kept] of Object.entries(LAWS)) if (!kept(before, after)) return name;
  return undefined;
}

function isThere({ state }: TrueInstance): boolean {
  return state !== 'terminated';
}

function stateIn(world: World, number: number): string | undefined {
  return world.instances.find((it) => it.number === number)?.state;
}

/** Whether an instance is on record that has not ended as far as EC2 has shown. */
function isThought({ object, process }: World): boolean {
  const launch = object.status?.launch;
  if (launch?.instanceID === undefined || launch.ended) return false;
  const sight = process.view.find(({ number }) => number === launch.number);
  return (
    sight !== undefined && sight.firstAt === undefined && !/^(shutting-down|terminated)$/.test(sight.state)
  );
}

function numberOf({ object }: World): number {
  return object.status?.launch?.number ?? 0;
}

/** By this transition, and not by somebody who put an old status back, or by finding an instance after a loss. */
function wasOpened(before: World, after: World): boolean {
  const is = after.object.status?.launch;
  return is?.phase === 'Waiting' && before.object.status !== undefined && is.number > numberOf(before);
}

function wasArmed(before: World, after: World): boolean {
  const [was, is] = [before.object.status?.launch, after.object.status?.launch];
  // What is found with its own token is taken, and not armed.
  const armed = is?.phase === 'Submitted' && is.params !== undefined;
  return armed && was?.phase === 'Waiting' && was.number === is.number;
}

/** Judged by what the status says and EC2 truly has: a launch whose instance ended progresses no more. */
function progressed(world: World): boolean {
  const launch: Launch | undefined = world.object.status?.launch;
  if (launch?.phase !== 'Submitted' || launch.readyAt || launch.ended || launch.instanceID === undefined)
    return false;
  const truth = world.instances.find((it) => it.number === launch.number);
  if (!truth || truth.state === 'terminated' || truth.state === 'shutting-down' || truth.row?.fresh)
    return false;
  return NOW < Date.parse(launch.deadline ?? '');
}
