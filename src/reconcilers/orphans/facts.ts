import { type MonoMs, parseStamp } from '../../controller/lib/time.ts';
import type { ObservedInstance } from '../../ec2/calls/port.ts';
import { TAG } from '../../ec2/calls/port.ts';
import type { EvidenceView } from '../../gateway/store/evidence.ts';
import type { TaggedInstance } from './decide/judge.ts';

const LIVE: ReadonlySet<string> = new Set(['pending', 'running', 'stopping', 'stopped']);

/** This process's memory of an instance without an owner; losing it costs time. */
export interface OrphanMemory {
  unownedSince: MonoMs;
  endSentAt?: MonoMs;
  /** The verdict that was last reported. */
  reported?: string;
}

/** Whether the newest read showed it, in a state from which it can still run. */
export function isLive({ state, missing, notFound }: ObservedInstance): boolean {
  return LIVE.has(state) && !missing && !notFound;
}

export function taggedInstance(
  instance: ObservedInstance,
  evidence: Pick<EvidenceView, 'ofWorkspace'>,
  memory: OrphanMemory | undefined,
): TaggedInstance {
  const { id, clientToken, launchTime, tags } = instance;
  const uid = tags[TAG.uid];
  const number = /^[1-9][0-9]{0,8}$/.test(tags[TAG.number] ?? '') ? Number(tags[TAG.number]) : undefined;
  const rows = uid === undefined ? [] : evidence.ofWorkspace(uid);
  return {
    id,
    clientToken,
    launchedAt: launchTime === undefined ? undefined : parseStamp(launchTime),
    clusterID: tags[TAG.cluster],
    uid,
    number,
    heartbeats: rows.some((row) => row.number === number && row.fresh),
    unownedSince: memory?.unownedSince,
    endSentAt: memory?.endSentAt,
  };
}

/** Where and what it was, for logs and events. */
export function describeOrphan({ id, state, tags }: ObservedInstance) {
  const { [TAG.uid]: uid, [TAG.namespace]: namespace, [TAG.name]: name, [TAG.number]: number } = tags;
  return { instanceID: id, state, uid, namespace, name, number };
}
