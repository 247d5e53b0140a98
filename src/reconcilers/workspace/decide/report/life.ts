import type { CauseKind, Launch, WorkspaceStatus } from '../../../../api/kinds/workspace.ts';
import { traitsOf } from '../../../../api/reasons/causes.ts';
import { msBetween, parseStamp } from '../../../../controller/lib/time.ts';
import { foundAgain, wentBack } from './lost.ts';

/** Something that counted, for which there is to be one provision. */
export interface Counted {
  cause: CauseKind;
  /** How many: more than one where statuses in between went unseen. */
  times: number;
  /** The generation that counts now. */
  generation?: number;
  /** Names of what changed, never values. */
  changed?: readonly string[];
  /** The launch that carries it out, and what it spends: of requests and ends, which count as they are spent. */
  launch?: { number: number; ref: string };
}

/** The causes that counted between two successive statuses of one Workspace, in order. A launch found again after a loss counts nothing. */
export function countedBetween(
  before: WorkspaceStatus | undefined,
  after: WorkspaceStatus | undefined,
): Counted[] {
  if (!after || (before?.uid !== undefined && before.uid !== after.uid)) return [];
  if (wentBack(before, after) || (before && foundAgain(before, after))) return [];
  return [...newGeneration(before, after), ...newSpending(before, after)];
}

function newGeneration(before: WorkspaceStatus | undefined, { desired }: WorkspaceStatus): Counted[] {
  if (!desired) return [];
  const { generation, cause, changed } = desired;
  const known = before?.desired?.generation;
  if (known === undefined ? cause !== 'Created' : generation <= known) return [];
  return [{ cause, generation, times: known === undefined ? 1 : generation - known, changed: changed ?? [] }];
}

function newSpending(before: WorkspaceStatus | undefined, after: WorkspaceStatus): Counted[] {
  if (!before?.launch || !after.launch) return [];
  const known = before.launch.number;
  const { launch, history = [] } = after;
  const present = history.some(({ number }) => number === launch.number) ? [] : [launch];
  return [...history.toReversed(), ...present].flatMap(({ number, cause }): Counted[] => {
    if (!cause || number <= known || traitsOf(cause.kind).spends === 'generation') return [];
    return [{ cause: cause.kind, times: 1, launch: { number, ref: cause.ref } }];
  });
}

/** A launch that became Ready between two statuses: its cause, and how long after that cause counted, ms. */
export function becameReady(
  before: WorkspaceStatus | undefined,
  after: WorkspaceStatus | undefined,
): { cause: CauseKind; afterMs: number } | undefined {
  const { launch } = after ?? {};
  if (!after || !before?.launch || !launch?.readyAt || !launch.cause || before.uid !== after.uid)
    return undefined;
  // The status of a launch that was found again does not say when its cause counted.
  if (!launch.params || wentBack(before, after)) return undefined;
  const isKnown = before.launch.number === launch.number && before.launch.readyAt !== undefined;
  // A start of a stopped instance is no change, and its launch is as old as it may be.
  if (isKnown || launch.after) return undefined;
  const afterMs = msBetween(parseStamp(countedAt(launch, after)), parseStamp(launch.readyAt));
  return afterMs >= 0 ? { cause: launch.cause.kind, afterMs } : undefined;
}

function countedAt(launch: Launch, { desired, history }: WorkspaceStatus): string | undefined {
  const { cause } = launch;
  const { spends } = traitsOf(cause?.kind ?? 'Created');
  if (spends === 'generation' && desired?.generation === launch.generation) return desired.at;
  const ended = spends === 'end' ? history?.find(({ number }) => String(number) === cause?.ref) : undefined;
  return ended?.endedAt ?? launch.openedAt;
}
