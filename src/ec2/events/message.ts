import { isInstanceState } from '../calls/instance.ts';
import type { InstanceState } from '../calls/port.ts';

/** What EventBridge reported of instances that the operator knows. */
export type Notice =
  | { kind: 'StateChange'; id: string; state: InstanceState }
  /** EC2 announces what its answers do not show yet. */
  | { kind: 'SpotInterruption' | 'Rebalance' | 'ScheduledEvent'; ids: readonly string[] };

/** `foreign`: it names no instance that is known. `unreadable`: it names one, and is not one of EC2's events. */
export type Reading = Notice | { kind: 'foreign' } | { kind: 'unreadable' };

/** Ids of instances have 8 or 17 hexadecimal digits ("Resource IDs", EC2 User Guide). */
const INSTANCE_ID = /\bi-(?:[0-9a-f]{17}|[0-9a-f]{8})\b/g;

/** No event of EC2's or of AWS Health's is longer, in characters; a longer text is not read. */
const LONGEST = 262_144;

/** A text is not scanned for more ids: an event of AWS Health names a few hundred at most. */
const MOST_IDS = 1_000;

/** Event types as the EC2 User Guide and the AWS Health User Guide name them. */
const NOTICES: ReadonlyMap<unknown, 'SpotInterruption' | 'Rebalance' | 'ScheduledEvent'> = new Map([
  ['aws.ec2 EC2 Spot Instance Interruption Warning', 'SpotInterruption'],
  ['aws.ec2 EC2 Instance Rebalance Recommendation', 'Rebalance'],
  ['aws.health AWS Health Event', 'ScheduledEvent'],
]);

/**
 * Reads one event of EventBridge. Those of the whole account arrive, so that ids come first: a body without a known one costs a
 * scan and no parse.
 */
export function readMessage(body: string, knows: (id: string) => boolean): Reading {
  const ids = body.length <= LONGEST ? knownIds(body, knows) : [];
  if (ids.length === 0) return { kind: 'foreign' };
  const event = parse(body);
  if (event.source === 'aws.ec2' && event['detail-type'] === 'EC2 Instance State-change Notification')
    return stateChange(record(event.detail), ids);
  const kind = NOTICES.get(`${event.source} ${event['detail-type']}`);
  return kind ? { kind, ids } : { kind: 'unreadable' };
}

function stateChange(detail: Readonly<Record<string, unknown>>, ids: readonly string[]): Reading {
  const { 'instance-id': named, state } = detail;
  const id = ids.find((it) => it === named);
  return id !== undefined && isInstanceState(state)
    ? { kind: 'StateChange', id, state }
    : { kind: 'unreadable' };
}

function knownIds(body: string, knows: (id: string) => boolean): string[] {
  const known = new Set<string>();
  let left = MOST_IDS;
  for (const [id] of body.matchAll(INSTANCE_ID)) {
    if (left === 0) break;
    left -= 1;
    if (knows(id)) known.add(id);
  }
  return [...known];
}

function parse(body: string): Readonly<Record<string, unknown>> {
  try {
    return record(JSON.parse(body));
  } catch {
    return {};
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
