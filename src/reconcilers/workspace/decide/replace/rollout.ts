import { own } from '../../../../api/base/own.ts';
import type { Cause, WorkspaceStatus } from '../../../../api/kinds/workspace.ts';
import type { WorkspaceClass, WorkspaceClassSpec } from '../../../../api/kinds/workspaceClass.ts';
import { classContent } from '../../../../api/launch/machine.ts';
import type { RollOutReason } from '../../../../api/reasons/reasons.ts';
import { iso, plus } from '../../../../controller/lib/time.ts';
import { isCurrent, isCurrentMachine } from '../desire/change.ts';
import type { AskedFacts } from '../desire/desired.ts';
import type { Claim } from '../facts/decision.ts';
import type { ContentFact, FleetFact } from '../facts/facts.ts';
import { conditionOf } from '../facts/verdict.ts';
import type { Answer, Blocker, FrozenLaunch, View, Wait } from '../facts/view.ts';
import { isRolledOut } from '../record/replacement.ts';
import { serves } from '../report/ready.ts';
import { needsRoom } from '../room/limits.ts';

type Turn = NonNullable<WorkspaceStatus['turn']>;

/** In a class's status: no change at all is rolled out any further. */
export const ANY = '*';

/** This many Workspaces that failed with some content stop it, though others came up with it. */
export const MOST_FAILING = 3;

/** How many of `counted` Workspaces may be down at once for a roll-out: rounded down, but at least one, or it would never end. */
export function maxUnavailable({ rollout }: Pick<WorkspaceClassSpec, 'rollout'>, counted: number): number {
  const value = rollout.maxUnavailable;
  const share = Number.parseInt(value, 10);
  return Math.max(1, value.endsWith('%') ? Math.floor((counted * share) / 100) : share);
}

/** Whether one more may be taken down, after those that wait before it. */
export function slotIsFree(fleet: FleetFact, spec: Pick<WorkspaceClassSpec, 'rollout'>): boolean {
  if (fleet.halt?.why === 'refused') return false;
  return fleet.unavailable + fleet.ahead < maxUnavailable(spec, fleet.counted);
}

/** The first of these contents that another must come up with before, or that is not to be tried any more. */
export function unverified(fleet: FleetFact, contents: readonly string[]): string | undefined {
  return contents.find((name) => !mayFollow(own(fleet.contents, name) ?? { proven: false, failing: 0 }));
}

/** Whether one more may be replaced for content of which this is known. */
export function mayFollow({ proven, trying, failing }: ContentFact): boolean {
  return failing < MOST_FAILING && (proven || (trying === undefined && failing === 0));
}

/**
 * The place and room that this launch takes from the others of its class, or what it waits for. Only a change
 * that would take down a serving Workspace waits: one that is down can't become worse, and a person's restart and a repair
 * concern only this one.
 */
export function claim(view: View, launch: FrozenLaunch, cause: Cause): Answer<Claim> {
  const room = needsRoom(view);
  const { class: klass } = view.facts;
  if (!klass || !isRolledOut(cause) || !serves(view, launch)) {
    return { value: { slot: false, room, contents: [] } };
  }
  const contents = newContents(view, launch);
  const blocker = halted(view, contents);
  if (blocker) return { blocker };
  const wait = held(view, klass) ?? unproven(view, contents) ?? queued(view, klass.spec);
  return wait ?? { value: { slot: true, room, contents: contents.map((it) => nameOf(view, it)) } };
}

/** Each content that this Workspace may be replaced for in a decision on these facts: those on record, and those that may be recorded. */
export function contentNames({ workspace, machine, environment }: AskedFacts): string[] {
  const { desired } = workspace.status ?? {};
  const machines = [desired?.machine, machine].flatMap((it) => (it === undefined ? [] : [classContent(it)]));
  const seen = environment.kind === 'Merged' ? Object.values(environment.digests) : [];
  return [...new Set([...machines, ...(desired ? [desired.env] : []), ...seen])];
}

/** The name by which a content is compared with others. */
function nameOf({ facts }: Pick<View, 'facts'>, content: string): string {
  return own(facts.fleet.contents, content)?.name ?? content;
}

/** The contents that the replacement would have and the present instance has not. */
function newContents(view: View, launch: FrozenLaunch): string[] {
  const { desired } = view.status;
  if (!desired) return [];
  const ofClass = classContent(desired.machine);
  const anotherClass = !isCurrentMachine(view, launch) && classContent(launch.machine ?? '') !== ofClass;
  const anotherEnv = !isCurrent(view, { ...launch, machine: undefined });
  return [...(anotherClass ? [ofClass] : []), ...(anotherEnv ? [desired.env] : [])];
}

function halted({ facts, status }: View, contents: readonly string[]): Blocker | undefined {
  const { class: klass } = facts;
  const names = new Set(contents.flatMap((content) => [content, nameOf({ facts }, content)]));
  const halt = klass?.status?.halted?.find(
    ({ content }) => content === ANY || names.has(own(facts.haltNames ?? {}, content) ?? content),
  );
  if (!klass || !halt) return undefined;
  return {
    reason: 'RolloutHalted',
    // Not its message: an earlier release wrote there what another tenant's instance said.
    message: `Generation ${status.desired?.generation} is not rolled out any further, and the present instance stays: ${halt.by ?? 'another Workspace'} was replaced for it and never became Ready; its own status says how. Fix the class or the Secret, or set spec.requests.resume of WorkspaceClass "${klass.metadata.name}" to a new value.`,
  };
}

/** Why nothing is given up in the class or in this namespace while one that was given up before does not come back. */
function held(view: View, { metadata: { name } }: WorkspaceClass): Wait | undefined {
  const { halt } = view.facts.fleet;
  if (!halt) return undefined;
  const { behind, scope, why } = halt;
  if (why === 'refused') {
    const said = `EC2 refuses to launch ${behind}, which was given up for a change; the roll-out goes on once it serves. The status of WorkspaceClass "${name}" has the rest`;
    return inLine(view, 'RolloutQueued', said, { behind });
  }
  const { namespace } = view.facts.workspace.metadata;
  const where = scope === 'class' ? `WorkspaceClass "${name}"` : `namespace "${namespace}"`;
  const how =
    why === 'lacking' ? 'waits for its owner' : 'failed again and again after it was given up for a change';
  const also = scope === 'class' ? ', and one of another namespace as well' : '';
  const message = `Generation ${view.status.desired?.generation} is not rolled out, and the present instance stays: ${behind} ${how}${also}, so nothing else in ${where} is given up. Fix ${behind}, stop or delete it, or set spec.requests.resume of WorkspaceClass "${name}" to a new value.`;
  return { blocker: { reason: 'RolloutHalted', message } };
}

function unproven(view: View, contents: readonly string[]): Wait | undefined {
  const { class: klass, fleet } = view.facts;
  const open = unverified(fleet, contents);
  if (open === undefined) return undefined;
  const behind = own(fleet.contents, open)?.trying;
  const why = behind ? `${behind} is the first to be replaced for it, and must become Ready` : 'it failed';
  const rest = `status of WorkspaceClass "${klass?.metadata.name}" has the rest`;
  return inLine(view, 'RolloutVerifying', `${why}; ${rest}`, { behind });
}

function queued(view: View, spec: WorkspaceClassSpec): Wait | undefined {
  const { facts, now } = view;
  if (slotIsFree(facts.fleet, spec)) return undefined;
  const { ahead, counted, meanMs, unavailable, waiting } = facts.fleet;
  const limit = maxUnavailable(spec, counted);
  const at = meanMs === undefined ? undefined : plus(now.wall, (Math.floor(ahead / limit) + 1) * meanMs);
  const turn = { place: ahead + 1, of: waiting + 1, expectedAt: at === undefined ? undefined : iso(at) };
  const about = turn.expectedAt === undefined ? '' : `, its turn is about ${turn.expectedAt}`;
  return inLine(
    view,
    'RolloutQueued',
    `${unavailable} of the class’s Workspaces are down, of at most ${limit}; at ${iso(now.wall)} it was number ${turn.place} of ${turn.of} in line${about}`,
    turn,
  );
}

/**
 * A wait stays on record as it was when it began: a place in line that follows each step would be a write each. So does
 * one that an earlier release wrote without `turn`: an upgrade in the middle of a roll-out writes nothing.
 */
function inLine(
  view: View,
  reason: RollOutReason,
  why: string,
  turn: Omit<Turn, 'generation' | 'since'>,
): Wait {
  const { desired } = view.status;
  const generation = desired?.generation ?? 0;
  const recorded = view.facts.workspace.status;
  const before = conditionOf(view, 'UpToDate');
  const waitsFor = recorded?.turn ?? recorded?.desired;
  if (before?.reason === reason && waitsFor?.generation === generation) {
    return { blocker: { reason, message: before.message }, turn: recorded?.turn };
  }
  const message = `Generation ${generation} (${desired?.cause}) waits: ${why}.`;
  return { blocker: { reason, message }, turn: { generation, since: iso(view.now.wall), ...turn } };
}
