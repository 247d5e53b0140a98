import type { Launch } from '../../../src/api/kinds/workspace.ts';
import { CAUSES } from '../../../src/api/reasons/causes.ts';
import { roomsOf } from '../world/classes.ts';
import { typeOf } from '../world/machine.ts';
import { knownRefusals, OFFERED, speaksOf } from '../world/quotas.ts';
import { classAsked } from '../world/requests.ts';
import { NOW, SECOND, timing } from '../world/timing.ts';
import type { TrueInstance, World } from '../world/world.ts';

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
    if (!before.queued || !isPresent(before, after) || !cause || !wasOpened(before, after)) return true;
    return CAUSES[cause].spends === 'request' || !isThought(before);
  },
  'nothing that lives is given up for a change while every offering is refused': (before, after) => {
    const cause = after.object.status?.launch?.cause?.kind;
    if (!isPresent(before, after) || !cause || !wasOpened(before, after)) return true;
    return CAUSES[cause].spends === 'end' || !isThought(before) || !allRefused(before);
  },
  'nothing is asked for while EC2 is known to refuse it': (before, after) => {
    if (before.terms.quotas.length === 0 || !wasArmed(before, after) || !isPresent(before, after))
      return true;
    const params = after.object.status?.launch?.params;
    return (
      params === undefined || !knownRefusals(before).some((it) => it.until > NOW && speaksOf(it, params))
    );
  },
  'an instance counts in the class that it was launched from until it is gone': (_, after) => {
    if (after.terms.maxInstances === undefined || after.gone || after.misled) return true;
    const rooms = roomsOf(after.object);
    return after.instances.every((it) => !isThere(it) || rooms.includes(classAsked(it.asked)));
  },
  'it enters a class only where there is room': (before, after) => {
    if (after.terms.maxInstances === undefined || before.object === after.object) return true;
    if (!isPresent(before, after)) return true;
    const had = roomsOf(before.object);
    const taken = roomsOf(after.object).filter((name) => !had.includes(name));
    return taken.every((name) => !before.others.inClass.includes(name));
  },
  'a failure of a replacement stays on record until the Workspace serves': (before, after) => {
    const [was, is] = [before.object.status, after.object.status];
    if (was === is || !was?.replacement || !is || after.object.stopped) return true;
    if (before.budget.downgrades !== after.budget.downgrades) return true;
    const { number, servedAt, failures = [] } = was.replacement;
    if (servedAt !== undefined || is.launch?.readyAt !== undefined || isHeard(before)) return true;
    const kept = is.replacement?.failures?.map((it) => it.number) ?? [];
    return is.replacement?.number === number && failures.every((it) => kept.includes(it.number));
  },
  'a launch of a replacement that had its time is recorded as failed': (before, after) => {
    const { launch, replacement } = before.object.status ?? {};
    if (!launch || !replacement || replacement.servedAt !== undefined || after.object.stopped) return true;
    if (!isPresent(before, after) || !wasOpened(before, after) || launch.number < replacement.number)
      return true;
    if (launch.readyAt !== undefined || isHeard(before) || !hadItsTime(before)) return true;
    const failures = after.object.status?.replacement?.failures ?? [];
    return failures.some(({ number }) => number === launch.number);
  },
  'nothing is begun while paused': (before, after) =>
    !before.object.paused || !(wasOpened(before, after) || wasArmed(before, after)),
  'what is armed is what is on record': (before, after) => {
    const launch = after.object.status?.launch;
    if (!wasArmed(before, after) || !launch?.params || !isPresent(before, after)) return true;
    const [, own, ofClass] = launch.machine?.split(':') ?? [];
    const { instanceType, imageID } = launch.params;
    const ofType = before.terms.quotas.length > 0 || instanceType === typeOf(Number(own?.slice(1)));
    return ofType && imageID === `ami-${ofClass}`;
  },
  'no parameters are sent that nobody can say are ours': (before, { process: { sends }, unsigned }) => {
    if (unsigned === 0 || sends?.number !== unsigned || sends.lastAt !== NOW) return true;
    const was = before.process.sends;
    return was?.number === sends.number && was.lastAt === NOW && was.count === sends.count;
  },
  // A write of a former leader that arrives late is conditional on what was there, and was judged when that leader made it.
  'S12: replays are byte-equal': (before, after) => {
    if (!isPresent(before, after)) return true;
    const [was, is] = [before.object.status?.launch, after.object.status?.launch];
    if (
      was === is ||
      !was?.params ||
      !is?.params ||
      was.number !== is.number ||
      was.submittedAt !== is.submittedAt ||
      isPutOff(before)
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

/** Whether the present launch has been heard, so that the next pass sees that it serves. */
function isHeard({ object, instances }: World): boolean {
  const truth = instances.find(({ number }) => number === object.status?.launch?.number);
  return truth?.row?.boot !== undefined && truth.row.fresh;
}

/** Whether its deadline passed while its instance ran, and it could have been heard. */
function hadItsTime({ object, instances, evidence }: World): boolean {
  const { number, instanceID, deadline = '' } = object.status?.launch ?? {};
  // Its time begins again when it is found.
  if (instanceID === undefined) return false;
  const truth = instances.find((it) => it.number === number);
  const runs = truth?.state === 'running' || truth?.state === 'pending';
  return runs && evidence.availableSince !== undefined && NOW >= Date.parse(deadline);
}

/** Not what a former leader had decided, which arrives late. */
function isPresent({ stale }: World, { object }: World): boolean {
  return !stale.some(({ write }) => write !== undefined && write === object.status);
}

/** Who would lose what serves leaves it to others for as long again to find out. */
function allRefused(world: World): boolean {
  if (world.lacking || world.terms.quotas.length === 0) return world.lacking;
  const known = knownRefusals(world).filter((it) => it.until + SECOND > NOW);
  return OFFERED.every((asked) => known.some((it) => speaksOf(it, asked)));
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
  const isOurs = is?.phase === 'Waiting' || (is?.phase === 'Submitted' && is.params !== undefined);
  if (!isOurs || before.object.status === undefined) return false;
  return before.budget.restores === after.budget.restores && is.number > numberOf(before);
}

function wasArmed(before: World, after: World): boolean {
  const [was, is] = [before.object.status?.launch, after.object.status?.launch];
  // What is found with its own token is taken, and not armed.
  const armed = is?.phase === 'Submitted' && is.params !== undefined;
  if (!armed || !was || was.number > is.number || before.budget.restores !== after.budget.restores)
    return false;
  // It may be opened and armed in one write.
  if (was.phase === 'Waiting' || was.number < is.number) return true;
  const isHeardOf = after.process.answer?.result.kind === 'throttled';
  const isWritten = after.object !== before.object && after.process.epoch === before.process.epoch;
  return isPutOff(before) && isWritten && !isHeardOf;
}

/** Its one request was answered with "too fast": nothing came of it, and the same number may be armed again, with other parameters. */
function isPutOff({ object, process: { answer } }: World): boolean {
  if (answer?.result.kind !== 'throttled' || !answer.firstSend) return false;
  return answer.number === object.status?.launch?.number;
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
