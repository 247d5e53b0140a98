import type { Workspace } from '../../api/kinds/workspace.ts';
import { eventTypeOf, isChangeEvent, type WorkspaceEventReason } from '../../api/reasons/eventReasons.ts';
import type { Violation } from '../../api/reasons/violations.ts';
import type { Events } from '../events.ts';
import type { LedgerEntry } from './decide/report/ledger.ts';
import type { Counted } from './decide/report/life.ts';

type EntryOf<K extends LedgerEntry['kind']> = Extract<LedgerEntry, { kind: K }>;

/** A note has 1,024 characters, and the names are not all of it. */
const MOST_NAMES = 12;

function record(events: Events, workspace: Workspace, reason: WorkspaceEventReason, note: string): void {
  const { apiVersion, kind, metadata } = workspace;
  const { name, namespace, uid, resourceVersion } = metadata;
  const regarding = { apiVersion, kind, name, namespace, uid, resourceVersion };
  events.record({ regarding, type: eventTypeOf(reason), reason, action: 'Reconcile', note });
}

/** Emits an event for a change that counts, or a restart that begins. The conditions' events cover ends. */
export function recordCounted(events: Events, workspace: Workspace, counted: Counted): void {
  const { cause, generation, changed = [], launch } = counted;
  if (!isChangeEvent(cause)) return;
  const what = launch
    ? `Launch ${launch.number} carries out the restart that was asked for.`
    : `Generation ${generation} counts: ${inWords(changed) || SAID_OF[cause]}.`;
  record(events, workspace, cause, what);
}

const SAID_OF = {
  SecretChanged: 'the environment is another',
  EnvChanged: 'the environment is another',
  SpecChanged: 'the Workspace asks for another machine',
  ClassChanged: 'the class asks for another machine',
  Restart: 'a restart was asked for',
} as const;

/** Names as `status.desired.changed` has them: a `-` is before what is there no more. */
function inWords(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES);
  const gone = shown.filter((name) => name.startsWith('-')).map((name) => name.slice(1));
  const other = shown.filter((name) => !name.startsWith('-'));
  const more = names.length - shown.length;
  return [
    ...(other.length > 0 ? [`${other.join(', ')} changed`] : []),
    ...(gone.length > 0 ? [`${gone.join(', ')} removed`] : []),
    ...(more > 0 ? [`${more} more`] : []),
  ].join('; ');
}

export function recordProvision(events: Events, workspace: Workspace, entry: EntryOf<'started'>): void {
  const { number, generation, cause, instanceID } = entry;
  const what = `EC2 accepted launch ${number} as instance ${instanceID}, for ${cause} (generation ${generation}).`;
  record(events, workspace, 'Provisioned', what);
}

export function recordGone(events: Events, workspace: Workspace, entry: EntryOf<'stopped'>): void {
  const { number, instanceID, outcome } = entry;
  record(events, workspace, 'Terminated', `Instance ${instanceID} of launch ${number} is gone (${outcome}).`);
}

export function recordViolation(
  events: Events,
  workspace: Workspace,
  violation: Violation,
  said: string,
): void {
  record(events, workspace, 'LedgerViolated', `${violation}: ${said}.`);
}
