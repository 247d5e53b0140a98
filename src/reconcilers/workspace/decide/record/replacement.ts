import { namesOf } from '../../../../api/base/table.ts';
import { MOST_FAILURES, type Replacement } from '../../../../api/kinds/replacement.ts';
import type { Cause, Launch, Outcome, WorkspaceStatus } from '../../../../api/kinds/workspace.ts';
import { classContent, isClassContent } from '../../../../api/launch/machine.ts';
import { covers } from '../../../../api/launch/refusalScope.ts';
import { blamesContent, outdatedBy } from '../../../../api/reasons/causes.ts';
import { readyTraitsOf } from '../../../../api/reasons/reasons.ts';
import { REFUSALS } from '../../../../api/reasons/refusals.ts';
import { iso } from '../../../../controller/lib/time.ts';
import type { Draft } from '../facts/decision.ts';
import type { Frozen, View } from '../facts/view.ts';
import { rankOfferings } from '../offer/offerings.ts';

type Status = Frozen<WorkspaceStatus>;
type Present = Frozen<Replacement>;

/** Reasons of a refused launch: EC2 refuses it, or the class's terms resolve to nothing. */
const REFUSED: ReadonlySet<string> = new Set(Object.values(REFUSALS).map(({ reason }) => reason));

/** This many launches with the same content that never became Ready are a failure of the content, not an accident. */
export const FAILED_TRIES = 2;

/** Whether it is a change, which replaces an instance although no person asked for this one. */
export function isRolledOut(cause: Frozen<Cause> | undefined): boolean {
  return cause !== undefined && outdatedBy(cause.kind) !== undefined;
}

/**
 * The replacement for a change that is under way: it began, and the Workspace has not served since. A status of an
 * earlier release has no record of it, or one that is out of date, so that the launches since the last that was Ready say
 * whether one is under way.
 */
export function replacementOf(status: Status | undefined): Present | undefined {
  const { launch, replacement } = status ?? {};
  if (!status || !launch || launch.number < 1 || launch.readyAt !== undefined) return undefined;
  if (replacement?.servedAt === undefined && replacement && !hasServedSince(status, replacement.number))
    return replacement;
  // One that was stopped and started again serves under the number that it had before.
  if (launch.after) return undefined;
  const tries = triesOf(status);
  const first = tries.findLast(({ cause }) => isRolledOut(cause));
  if (!first || (replacement && first.number <= replacement.number)) return undefined;
  return inferred(status, tries, first.number);
}

interface Try {
  number: number;
  generation: number;
  cause?: Frozen<Cause> | undefined;
  outcome?: Outcome | undefined;
  at?: string | undefined;
}

/** The launches since the last that was Ready, newest first, as far as they are known. */
function triesOf({ launch, history = [] }: Status): Try[] {
  if (!launch) return [];
  const tries: Try[] = [{ ...launch, outcome: launch.ended?.outcome, at: launch.ended?.at }];
  for (const past of history) {
    if (past.number >= launch.number) continue;
    if (past.readyAt !== undefined) break;
    tries.push({ ...past, at: past.endedAt });
  }
  return tries;
}

function hasServedSince({ history = [] }: Status, number: number): boolean {
  return history.some((past) => past.number >= number && past.readyAt !== undefined);
}

/** As an earlier release left it: of two changes that came together the last is to blame. */
function inferred({ desired, launch }: Status, tries: readonly Try[], number: number): Present {
  const failures = tries.flatMap(({ number: of, generation, outcome, at }) => {
    if (of < number || outcome === undefined || at === undefined || !blamesContent(outcome)) return [];
    return [{ number: of, at, contents: generation === desired?.generation ? lastChange(desired) : [] }];
  });
  return { number, since: launch?.openedAt ?? desired?.at ?? '', slot: true, failures };
}

function lastChange({ cause, env, machine }: Frozen<NonNullable<WorkspaceStatus['desired']>>): string[] {
  switch (outdatedBy(cause)) {
    case 'classMachine':
      return [classContent(machine)];
    case 'environment':
      return [env];
    case 'ownMachine':
    case undefined:
      return [];
  }
}

/** The desired contents that the Workspace did not serve with before the replacement. */
export function newContentsOf(status: Status, { before }: Present): string[] {
  const { desired, launch } = status;
  if (!desired) return [];
  const had = contentsOf(before?.machine, before?.env);
  return contentsOf(launch?.machine ?? desired.machine, desired.env).filter((name) => !had.includes(name));
}

export function contentsOf(machine: string | undefined, env: string | undefined): string[] {
  return [...(machine === undefined ? [] : [classContent(machine)]), ...(env === undefined ? [] : [env])];
}

/**
 * Whether a replacement that failed like this shows anything of content. One that failed twice on its own account, or with
 * its environment alone, would fail with any class as well.
 */
export function isFitFor(content: string, failures: Present['failures'] = []): boolean {
  const apart = failures.filter(({ contents }) =>
    isClassContent(content) ? !contents.some(isClassContent) : contents.length === 0,
  );
  return apart.length < FAILED_TRIES;
}

/** The launches of a replacement that failed in the class that the Workspace is in; earlier ones, from before the move, don't count for it. */
export function failuresIn(
  className: string,
  { failures = [], left }: Present,
): NonNullable<Present['failures']> {
  if (!isAway(className, left)) return failures;
  return failures.filter(({ number }) => number >= (left?.number ?? 0));
}

/** Whether another class than the one that the Workspace is in gave it up. */
export function isAway(className: string, left: Present['left']): boolean {
  return left !== undefined && left.className !== className;
}

/**
 * The Workspace moves while it is being replaced. The slot stays with the class that gave the Workspace up; EC2's refusals were for
 * that class's offerings.
 */
export function moveReplacement(draft: Draft, from: string): void {
  const present = replacementOf(draft.status);
  const { launch } = draft.status;
  if (!present || !launch) return;
  const { refusal: _, refusedAt: __, ...rest } = present;
  const left = {
    className: present.left?.className ?? from,
    number: launch.number + Number(launch.phase !== 'Waiting'),
  };
  draft.status.replacement = structuredClone({ ...rest, left }) as Replacement;
}

/** Records that a replacement begins with the present launch; one that is under way goes on. */
export function beginReplacement(
  draft: Draft,
  launch: Launch,
  under: Present | undefined,
  before: Replacement['before'],
  slot: boolean,
): void {
  if (under) {
    draft.status.replacement = structuredClone(under) as Replacement;
  } else if (isRolledOut(launch.cause)) {
    draft.status.replacement = { number: launch.number, since: launch.openedAt ?? '', slot, before };
  }
}

/**
 * A launch is over: one of a replacement that never became Ready speaks against what was new in it.
 * @param blamed what it speaks against instead; nothing, where the Workspace alone is to blame
 */
export function noteFailure(draft: Draft, launch: Launch, outcome: Outcome, blamed?: string[]): void {
  if (launch.readyAt !== undefined || !blamesContent(outcome)) return;
  const present = replacementOf(draft.status);
  if (!present || present.failures?.some(({ number }) => number === launch.number)) return;
  const failure = {
    number: launch.number,
    at: iso(draft.now.wall),
    contents: blamed ?? suspects(draft, launch, present),
  };
  draft.status.replacement = structuredClone({
    ...present,
    failures: [failure, ...(present.failures ?? [])].slice(0, MOST_FAILURES),
  }) as Replacement;
}

/** An instance that never fetched its environment did not fail because of it, if there is anything else to blame. */
function suspects({ facts, status }: Draft, launch: Launch, present: Present): string[] {
  const failures = failuresIn(facts.move?.from ?? facts.workspace.spec.className, present);
  const contents = newContentsOf(status, present).filter((name) => isFitFor(name, failures));
  const served = status.instance?.id === launch.instanceID ? status.instance?.env : undefined;
  const ofClass = contents.filter((name) => name !== status.desired?.env);
  if (served === undefined && ofClass.length > 0) return ofClass;
  return [...new Set(contents.map((name) => (name === status.desired?.env ? (served ?? name) : name)))];
}

/** Follows how the replacement goes: it is over once the Workspace serves, and forgotten once a person stops it. */
export function followReplacement(draft: Draft): void {
  const { status } = draft;
  const { launch, replacement } = status;
  if (!launch || !replacement || replacement.servedAt !== undefined) return;
  const { number, since, slot, before } = replacement;
  const { operatingMode } = draft.facts.workspace.spec;
  if (launch.readyAt !== undefined && launch.number >= number) {
    status.replacement = { number, since, slot, servedAt: launch.readyAt };
  } else if (operatingMode === 'Stopped' && !draft.facts.workspace.spec.paused) {
    status.replacement = { number, since, slot: false, before };
  } else if (replacement.refusedAt !== undefined && isLaunched(launch)) {
    status.replacement = { ...replacement, refusal: undefined, refusedAt: undefined };
  }
}

/** EC2 took its request: what is refused by now is the next one. */
function isLaunched({ instanceID, ended }: Launch): boolean {
  return instanceID !== undefined && !ended;
}

/**
 * Records the refusal that keeps a replacement from being launched, for the other Workspaces of the class, for as long as it lasts:
 * not while the Workspace waits for something of its own, nor once no refusal of EC2 covers it any more.
 */
export function noteRefusal(draft: Draft): void {
  const { status, blocker, now } = draft;
  const { launch, replacement } = status;
  if (!launch || !replacement || !replacementOf(status) || isLaunched(launch)) return;
  if (waitsForItself(draft) || isOver(draft, replacement)) {
    replacement.refusedAt = undefined;
    replacement.refusal = undefined;
  } else if (blocker && REFUSED.has(blocker.reason)) {
    replacement.refusedAt ??= iso(now.wall);
    replacement.refusal = namesOf(REFUSALS).find((kind) => REFUSALS[kind].reason === blocker.reason);
  }
}

function waitsForItself({ blocker, facts }: View): boolean {
  if (facts.workspace.spec.paused) return true;
  return blocker !== undefined && readyTraitsOf(blocker.reason)?.ownersMatter === true;
}

/** EC2 accepted a similar launch since, or the refusal's time is long over. The next launch tries what a person must fix. */
function isOver({ blocker, facts, status }: View, { refusal }: Present): boolean {
  if (refusal === undefined || refusal === 'userFix' || status.launch?.phase !== 'Waiting') return false;
  if (!facts.class || !facts.resolution?.ok || (blocker && REFUSED.has(blocker.reason))) return false;
  const { metadata, spec } = facts.workspace;
  const offerings = rankOfferings(spec, facts.class.spec, facts.resolution, metadata.uid);
  return !offerings.some((offering) => facts.refused.some(({ scope }) => covers(scope, offering)));
}
