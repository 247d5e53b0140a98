import { clientToken } from '../../../api/launch/token.ts';
import { type MonoMs, msBetween, type WallMs } from '../../../controller/lib/time.ts';

/** A live instance with our cluster's tag, as the sweep showed it. */
export interface TaggedInstance {
  id: string;
  clientToken?: string | undefined;
  launchedAt?: WallMs | undefined;
  /** The value of its cluster tag. */
  clusterID?: string | undefined;
  /** The Workspace that its tags name. */
  uid?: string | undefined;
  /** The launch that its tags name; undefined when they name none. */
  number?: number | undefined;
  /** Whether its launch has a fresh heartbeat. */
  heartbeats: boolean;
  /** Since when this process has known it without an owner; undefined when it is news. */
  unownedSince?: MonoMs | undefined;
  /** When its end was last asked for. */
  endSentAt?: MonoMs | undefined;
}

/** One look: the cloud first, then the Workspaces. */
export interface OrphanFacts {
  clusterID: string;
  /** When the lease was taken. */
  termAt: MonoMs;
  sweep: { begunAt: MonoMs; endedAt: MonoMs };
  instances: readonly TaggedInstance[];
  /** When the list of Workspaces was begun: a consistent read. */
  listedAt: MonoMs;
  /** The uids of all Workspaces. */
  owners: ReadonlySet<string>;
  /** Since when heartbeats can be judged without a break; undefined while they can't. */
  evidenceSince?: MonoMs | undefined;
  policy: 'Report' | 'Terminate';
  graceMs: number;
  mostPerRound: number;
}

/** The moment of a look. */
export interface OrphanNow {
  wall: WallMs;
  mono: MonoMs;
}

/**
 * Young: within the grace. Heartbeating: it lives, so someone may need it. Foreign: its tags are not those of a launch
 * of ours (a copy, or tags edited by hand); it is never ended. Due: nothing speaks for it.
 */
export const ORPHAN_VERDICTS = ['Young', 'Heartbeating', 'Foreign', 'Due'] as const;
export type OrphanVerdict = (typeof ORPHAN_VERDICTS)[number];

/** Why a round ends nothing that is due. */
export type OrphanHold = 'NotLookedYet' | 'ListEmpty' | 'NoEvidence' | 'Reporting';

export interface OrphanDecision {
  orphans: readonly { id: string; verdict: OrphanVerdict }[];
  /** Ids of what is to be ended now. */
  end: readonly string[];
  hold?: OrphanHold;
}

/**
 * Judges which instances have no owner, and which of them may be ended. If a consistent list begun after the sweep lacks a uid,
 * no Workspace has it or ever will, so even a leader whose term is over judges right.
 */
export function judgeOrphans(facts: OrphanFacts, now: OrphanNow): OrphanDecision {
  const { sweep, listedAt, termAt } = facts;
  if (sweep.begunAt < termAt || listedAt < sweep.endedAt)
    return { orphans: [], end: [], hold: 'NotLookedYet' };
  const ours = facts.instances.filter((instance) => instance.clusterID === facts.clusterID);
  const unowned = ours.filter(({ uid }) => uid === undefined || !facts.owners.has(uid));
  const judged = unowned.map((instance) => ({ instance, verdict: judge(facts, instance, now) }));
  const orphans = judged.map(({ instance, verdict }) => ({ id: instance.id, verdict }));
  const due = judged.flatMap(({ instance, verdict }) => (verdict === 'Due' ? [instance] : []));
  const hold = holdOf(facts, now.mono);
  if (hold !== undefined) return { orphans, end: [], hold };
  const end = due.sort(inTurn).slice(0, facts.mostPerRound);
  return { orphans, end: end.map(({ id }) => id) };
}

function judge(facts: OrphanFacts, instance: TaggedInstance, now: OrphanNow): OrphanVerdict {
  const { uid, number, launchedAt, unownedSince } = instance;
  if (uid === undefined || number === undefined) return 'Foreign';
  if (instance.clientToken !== clientToken(facts.clusterID, uid, number)) return 'Foreign';
  if (instance.heartbeats) return 'Heartbeating';
  // By our own clock as well: EC2's and ours may differ, and the launch's age does not show how long it has had no owner.
  const alone = unownedSince !== undefined && msBetween(unownedSince, now.mono) >= facts.graceMs;
  const old = launchedAt === undefined || msBetween(launchedAt, now.wall) >= facts.graceMs;
  return alone && old ? 'Due' : 'Young';
}

function holdOf(
  { owners, evidenceSince, graceMs, policy }: OrphanFacts,
  mono: MonoMs,
): OrphanHold | undefined {
  // Rather the definitions, the rights or the cluster are wrong than that every instance lost its owner.
  if (owners.size === 0) return 'ListEmpty';
  // A live instance must have had the time to be heard.
  if (evidenceSince === undefined || msBetween(evidenceSince, mono) < graceMs) return 'NoEvidence';
  return policy === 'Report' ? 'Reporting' : undefined;
}

/** Instances without an earlier TerminateInstances first, so that none waits for one that can't be ended; then the oldest. */
function inTurn(a: TaggedInstance, b: TaggedInstance): number {
  return order(a.endSentAt, b.endSentAt) || order(a.launchedAt, b.launchedAt) || (a.id < b.id ? -1 : 1);
}

/** Unknown moments come first. */
function order<T extends WallMs | MonoMs>(a: T | undefined, b: T | undefined): number {
  if (a === undefined || b === undefined) return Number(b === undefined) - Number(a === undefined);
  return a < b ? -1 : Number(a > b);
}
