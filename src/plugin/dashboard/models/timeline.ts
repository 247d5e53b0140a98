import { own } from '../../../api/base/own.ts';
import { conditionOf } from '../../views/seen.ts';
import type { LiveEvent, LiveWorkspace, ManagedFields } from './live.ts';
import type { Entry } from './shapes.ts';

/** Events and statuses tell of one thing with stamps that differ by the time between two writes, ms. */
const SAME_MS = 5_000;
const MOST_ENTRIES = 200;
const DEEPEST = 3;

const KINDS: Readonly<Record<string, Entry['kind']>> = {
  SecretChanged: 'change',
  EnvChanged: 'change',
  SpecChanged: 'change',
  ClassChanged: 'change',
  Restart: 'change',
  Deferred: 'wait',
  LaunchQueued: 'wait',
  RolloutQueued: 'wait',
  RolloutVerifying: 'wait',
  RestartBackOff: 'wait',
  Provisioned: 'launch',
  Launching: 'launch',
  Booting: 'launch',
  Ready: 'ready',
  HeartbeatLost: 'heartbeat',
  GatewayDistrusted: 'heartbeat',
  EvidenceUnavailable: 'heartbeat',
  Terminated: 'end',
  Terminating: 'end',
  Stopped: 'end',
  Restarting: 'end',
};

type Said = Pick<Entry, 'at' | 'kind' | 'title'> & Partial<Entry>;
const entry = (said: Said): Entry => ({ text: '', who: '', times: 1, ...said });

/** The life of a Workspace, the newest first, from its status, its events and the record of who wrote its fields. */
export function timelineOf(workspace: LiveWorkspace, events: readonly LiveEvent[]): Entry[] {
  const told = events.flatMap(entryOfEvent);
  const kept = entriesOfStatus(workspace).filter((each) => !told.some((other) => isSame(each, other)));
  return [...told, ...kept, ...asksOf(workspace)]
    .filter(({ at }) => !Number.isNaN(Date.parse(at)))
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at))
    .slice(0, MOST_ENTRIES);
}

/** An event says it in more words than the status. */
function isSame(status: Entry, event: Entry): boolean {
  return (
    status.kind === event.kind &&
    (status.title.startsWith(event.title) || event.text.includes(status.text || status.title)) &&
    Math.abs(Date.parse(status.at) - Date.parse(event.at)) <= SAME_MS
  );
}

function entryOfEvent(event: LiveEvent): Entry[] {
  const { reason = '', message = '', type, series, count } = event;
  const at = series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp;
  if (!at) return [];
  const kind = own(KINDS, reason) ?? (type === 'Warning' ? 'trouble' : 'other');
  return [entry({ at, kind, title: reason, text: message, times: series?.count ?? count ?? 1 })];
}

function entriesOfStatus(workspace: LiveWorkspace): Entry[] {
  const { metadata, status = {} } = workspace;
  const { desired, turn, launch, history = [], restarts } = status;
  const entries: (Entry | undefined)[] = [
    metadata.creationTimestamp
      ? entry({ at: metadata.creationTimestamp, kind: 'ask', title: 'Created' })
      : undefined,
    metadata.deletionTimestamp
      ? entry({ at: metadata.deletionTimestamp, kind: 'ask', title: 'Deletion asked for' })
      : undefined,
    desired &&
      entry({
        at: desired.at,
        kind: 'change',
        title: desired.cause,
        text: `Change ${desired.generation} counts${desired.changed?.length ? `: ${desired.changed.join(', ')}` : ''}.`,
      }),
    turn &&
      entry({
        at: turn.since,
        kind: 'wait',
        title: 'In line',
        text: `Change ${turn.generation} waits for its turn.`,
      }),
    restarts &&
      entry({ at: restarts.at, kind: 'change', title: 'Restart', text: 'A restart was carried out.' }),
  ];
  if (launch?.number) {
    const { number, cause, openedAt, readyAt, ended, instanceID = '' } = launch;
    const forWhat = cause ? ` for ${cause.kind} ${cause.ref}` : '';
    entries.push(
      openedAt === undefined
        ? undefined
        : entry({
            at: openedAt,
            kind: 'launch',
            title: `Launch ${number} decided`,
            text: `It is${forWhat}.`,
          }),
      firstHeartbeat(number, readyAt, instanceID),
      ended &&
        entry({
          at: ended.at,
          kind: 'end',
          title: `Launch ${number} ended: ${ended.outcome}`,
          text: ended.message ?? '',
        }),
    );
  }
  for (const { number, readyAt, endedAt, outcome, instanceID = '', message = '' } of history)
    entries.push(
      firstHeartbeat(number, readyAt, instanceID),
      endedAt === undefined
        ? undefined
        : entry({
            at: endedAt,
            kind: 'end',
            title: `Launch ${number} ended: ${outcome ?? ''}`,
            text: message || instanceID,
          }),
    );
  const ready = conditionOf(workspace, 'Ready');
  if (ready?.status === 'False' && ready.lastTransitionTime !== undefined)
    entries.push(
      entry({
        at: ready.lastTransitionTime,
        kind: own(KINDS, ready.reason) ?? 'trouble',
        title: ready.reason,
        text: ready.message,
      }),
    );
  return entries.filter((each) => each !== undefined);
}

function firstHeartbeat(number: number, readyAt: string | undefined, instanceID: string): Entry | undefined {
  if (readyAt === undefined) return undefined;
  return entry({
    at: readyAt,
    kind: 'heartbeat',
    title: `First heartbeat of launch ${number}`,
    text: instanceID,
  });
}

/** Who wrote the spec last, field by field, as the API server keeps it: the program, not the person. */
function asksOf({ metadata }: LiveWorkspace): Entry[] {
  return (metadata.managedFields ?? []).flatMap(
    ({ manager = '', time, subresource, fieldsV1 }: ManagedFields) => {
      const fields = pathsIn(fieldsV1?.['f:spec'], DEEPEST);
      if (time === undefined || subresource !== undefined || fields.length === 0) return [];
      return [entry({ at: time, kind: 'ask', title: 'Spec written', text: fields.join(', '), who: manager })];
    },
  );
}

/** Of `f:requests: {f:restart: {}}` it is `requests.restart`. */
function pathsIn(fields: unknown, depth: number): string[] {
  if (typeof fields !== 'object' || fields === null) return [];
  return Object.entries(fields).flatMap(([name, below]) => {
    if (!name.startsWith('f:')) return [];
    const deeper = depth > 1 ? pathsIn(below, depth - 1) : [];
    return deeper.length > 0 ? deeper.map((path) => `${name.slice(2)}.${path}`) : [name.slice(2)];
  });
}
