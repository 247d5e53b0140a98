import type { CauseKind, WorkspaceStatus } from '../../../../api/kinds/workspace.ts';
import type { Frozen } from '../facts/view.ts';
import { wentBack } from './lost.ts';

/** One line of the ledger, as the log and the counters have it. */
export type LedgerEntry =
  | { kind: 'started'; number: number; generation: number; cause: CauseKind; ref: string; instanceID: string }
  | {
      kind: 'stopped';
      number: number;
      generation: number;
      cause: CauseKind;
      ref: string;
      instanceID: string;
      outcome: string;
    }
  | { kind: 'deferred'; generation: number; cause: CauseKind; until: string | undefined };

type Past = NonNullable<WorkspaceStatus['history']>[number];

/**
 * The events between two successive statuses of one Workspace, so that a line follows the record and not
 * its writer. Statuses in between may have gone unseen. A launch that was found again after a loss had its line when it began.
 */
export function ledgerBetween(
  before: WorkspaceStatus | undefined,
  after: WorkspaceStatus | undefined,
): LedgerEntry[] {
  if (!before?.launch || !after?.launch || before.uid !== after.uid) return [];
  if (wentBack(before, after)) return [];
  return [...started(before, after), ...stopped(before, after), ...deferred(before, after)];
}

function started(before: WorkspaceStatus, after: WorkspaceStatus): LedgerEntry[] {
  const { number = 0, instanceID: known } = before.launch ?? {};
  const isNew = (it: { number: number }) =>
    it.number > number || (it.number === number && known === undefined);
  const { launch, history = [] } = after;
  // Without parameters it was not armed but adopted.
  const present = launch?.params && !history.some((past) => past.number === launch.number) ? [launch] : [];
  return [...history.toReversed(), ...present].flatMap((it): LedgerEntry[] => {
    const { number: of, generation, cause, instanceID } = it;
    if (!isNew(it) || instanceID === undefined) return [];
    const { kind, ref } = cause ?? { kind: 'Created', ref: '' };
    return [{ kind: 'started', number: of, generation, cause: kind, ref, instanceID }];
  });
}

function stopped(before: WorkspaceStatus, after: WorkspaceStatus): LedgerEntry[] {
  const left = new Set(after.terminating?.map(({ instanceID }) => instanceID));
  const gone = new Map<string, number>();
  for (const { number, instanceID } of before.terminating ?? [])
    if (!left.has(instanceID)) gone.set(instanceID, number);
  const known = new Set(overIn(before).map(({ instanceID }) => instanceID));
  for (const { number, instanceID = '' } of overIn(after))
    if (!known.has(instanceID)) gone.set(instanceID, number);
  return [...gone].map(([instanceID, number]) => {
    const past = after.history?.find((entry) => entry.number === number);
    return {
      kind: 'stopped',
      number,
      generation: past?.generation ?? 0,
      cause: past?.cause.kind ?? 'Created',
      ref: past?.cause.ref ?? '',
      instanceID,
      outcome: past?.outcome ?? 'Superseded',
    };
  });
}

/** Launches that are over and whose instance the status no longer lists as terminating. */
function overIn({ history = [], terminating = [] }: WorkspaceStatus): Past[] {
  const waited = new Set(terminating.map(({ instanceID }) => instanceID));
  return history.filter(({ instanceID }) => instanceID !== undefined && !waited.has(instanceID));
}

/** One line for each generation that is deferred. */
function deferred(before: WorkspaceStatus, after: WorkspaceStatus): LedgerEntry[] {
  const { desired } = after;
  const generation = deferredGeneration(after);
  if (!desired || generation === undefined || generation === deferredGeneration(before)) return [];
  return [{ kind: 'deferred', generation, cause: desired.cause, until: after.deferred?.until }];
}

/**
 * The generation that is deferred on record. An earlier release, before an upgrade or after a downgrade, writes the
 * condition alone: it then defers the generation that is desired in the same status.
 */
export function deferredGeneration({ conditions, desired }: Frozen<WorkspaceStatus>): number | undefined {
  const shown = conditions?.some(({ type, reason }) => type === 'UpToDate' && reason === 'Deferred');
  return shown ? desired?.generation : undefined;
}
