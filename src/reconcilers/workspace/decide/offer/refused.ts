import type { Launch, LaunchParams, WorkspaceStatus } from '../../../../api/kinds/workspace.ts';
import { covers, sayScope, scopeKey, scopeOf } from '../../../../api/launch/refusalScope.ts';
import { REFUSALS } from '../../../../api/reasons/refusals.ts';
import { iso, msBetween, parseStamp, plus } from '../../../../controller/lib/time.ts';
import type { Draft } from '../facts/decision.ts';
import type { Offering, RefusedFact } from '../facts/offeringFacts.ts';
import type { Answer, Blocker, Frozen, FrozenLaunch, View } from '../facts/view.ts';
import { rankOfferings } from './offerings.ts';

/** As many as the status keeps. */
const KEPT = 16;

type Recorded = NonNullable<WorkspaceStatus['refusals']>[number];
type Fallback = NonNullable<Launch['fallback']>;

/**
 * The first of the class's offerings that EC2 is not known to refuse. A Workspace that is down, and has nothing to lose, asks
 * again for a refused offering first; one that would give up a serving instance waits for twice as long.
 */
export function availableOffering(view: View, givesUp: boolean): Answer<Offering> {
  const { facts, now } = view;
  if (!facts.class || !facts.resolution?.ok) return {};
  const { spec, metadata } = facts.workspace;
  const all = rankOfferings(spec, facts.class.spec, facts.resolution, metadata.uid);
  const waits = all.map((offering) => {
    const left = refusalsOf(view, offering).map((refused) =>
      msBetween(now.mono, givesUp ? refused.heldUntil : refused.until),
    );
    return Math.max(0, ...left);
  });
  const index = waits.indexOf(0);
  if (index >= 0) return { value: all[index] };
  return {
    awaitsOffering: true,
    blocker: explain(view, all, givesUp),
    forMs: waits.length > 0 ? Math.min(...waits) : undefined,
  };
}

function refusalsOf({ facts }: View, offering: Offering | LaunchParams): RefusedFact[] {
  return facts.refused.filter(({ scope }) => covers(scope, offering));
}

/** Whether EC2 is known to refuse a launch like this one. */
export function isMarked(view: View, { params }: FrozenLaunch): boolean {
  return params !== undefined && refusalsOf(view, params as LaunchParams).length > 0;
}

/** From what passes without a person to what needs one. */
const SEVERITY = ['capacity', 'quota', 'userFix'] as const satisfies readonly RefusedFact['class'][];

/** The offering with the mildest refusals explains what is lacking, or EC2's last answer to this Workspace does. */
function explain(view: View, all: readonly Offering[], givesUp: boolean): Blocker {
  const refusals = all.map((offering) => refusalsOf(view, offering));
  const severities = refusals.map((found) => Math.max(...found.map((it) => SEVERITY.indexOf(it.class))));
  const { refusal } = view.status.launch?.ended ?? {};
  const latest = refusal === undefined ? [] : [SEVERITY.indexOf(refusal)];
  const kind = SEVERITY[Math.min(...severities, ...latest)] ?? 'capacity';
  const stays = givesUp ? ' The present instance stays.' : '';
  const message = `${lacking(kind, all)}${saidOf(kind, refusals.flat())} ${TODO[kind]}; ${nextAttempt(view, givesUp)}.${stays}`;
  return { reason: REFUSALS[kind].reason, message };
}

const TODO: Readonly<Record<RefusedFact['class'], string>> = {
  capacity: 'More types or subnets in the class would help',
  quota: 'Other families or capacity types in the class would help. Ask AWS for a higher quota',
  userFix: 'See what AWS says of the account',
};

/** From its own record, so that the message stays as it is while the wait goes on. */
function nextAttempt({ now, status }: View, givesUp: boolean): string {
  const own = status.refusals?.map(({ until }) => until).filter((until) => parseStamp(until) > now.wall);
  const next = own?.toSorted()[0];
  if (givesUp || next === undefined) return 'EC2 is asked again automatically, at growing intervals';
  return `the next attempt is at ${next}`;
}

function lacking(kind: RefusedFact['class'], all: readonly Offering[]): string {
  if (kind !== 'capacity') return 'EC2 refuses every offering of the class';
  const types = new Set(all.map((offering) => offering.instanceType));
  const zones = new Set(all.map((offering) => offering.zone));
  return `EC2 has no capacity for ${[...types].join(', ')} in ${[...zones].join(', ')}`;
}

/** AWS's codes and what each covers; not for capacity, where types and zones are enough. */
function saidOf(kind: RefusedFact['class'], refusals: readonly RefusedFact[]): string {
  const others = refusals.filter((it) => kind !== 'capacity' || it.class !== 'capacity');
  const said = new Set(others.map(({ code, scope }) => `${code} (${sayScope(scope)})`));
  if (said.size === 0) return '.';
  return `${kind === 'capacity' ? ', and it refuses' : ''}: ${[...said].sort().join('; ')}.`;
}

/** Keeps what EC2 refused, so that no later process asks for it at once, or gives up an instance for it. */
export function recordRefusal(draft: Draft, { params }: FrozenLaunch, code: string): void {
  const { facts, now, status } = draft;
  if (!params) return;
  // A wider one, of smaller types, may cover it too; its time is another.
  const isSame = ({ class: kind, scope }: RefusedFact) => {
    const said = scopeOf(code, kind, params as LaunchParams);
    return said !== undefined && scopeKey(said) === scopeKey(scope);
  };
  const mark = facts.refused.find((it) => it.code === code && isSame(it));
  const left = mark ? msBetween(now.mono, mark.until) : 0;
  if (!mark || left <= 0) return;
  const { instanceType, capacityType, zone, subnetID, imageID } = params;
  const asked = { instanceType, capacityType, zone, subnetID, imageID };
  // The next refusal doubles the whole length of this one, also under another leader.
  const ago = Math.max(0, msBetween(mark.until, mark.heldUntil) - left);
  const stamps = { at: iso(plus(now.wall, -ago)), until: iso(plus(now.wall, left)) };
  const refusal = { class: mark.class, code, ...asked, ...stamps };
  forgetRefusals(draft);
  const others = (status.refusals ?? []).filter((it) => keyOf(it) !== keyOf(refusal));
  status.refusals = [refusal, ...others].slice(0, KEPT);
}

function keyOf({ class: kind, code, ...asked }: Frozen<Recorded>): string {
  const scope = scopeOf(code, kind, asked);
  return `${code} ${scope && scopeKey(scope)}`;
}

/** Drops refusals that are over with the next write. */
export function forgetRefusals({ now, status }: Draft): void {
  const kept = status.refusals?.filter(({ at, until }) => {
    const [from, to] = [parseStamp(at), parseStamp(until)];
    return msBetween(now.wall, to) + msBetween(from, to) > 0;
  });
  status.refusals = kept && kept.length > 0 ? kept : undefined;
}

/** Why this launch does not ask for the capacity type that the class prefers. */
export function fallbackOf(view: View, { capacityType }: LaunchParams): Fallback | undefined {
  const { class: klass, resolution, workspace } = view.facts;
  const from = klass?.spec.capacityTypes[0];
  if (!klass || !resolution?.ok || !from || from === capacityType) return undefined;
  const offerings = rankOfferings(workspace.spec, klass.spec, resolution, workspace.metadata.uid);
  const preferred = offerings.filter((offering) => offering.capacityType === from);
  const code = preferred.flatMap((offering) => refusalsOf(view, offering))[0]?.code;
  return code === undefined ? undefined : { from, code };
}

export function sayFallback(
  { from, code }: Frozen<Fallback>,
  { capacityType }: Frozen<LaunchParams>,
): string {
  const costs = capacityType === 'OnDemand' ? ', which costs more' : '';
  return `It is ${capacityType}${costs}: EC2 refused ${from} (${code}). Its next launch asks for ${from} again.`;
}
