import type { SeenWorkspace } from './seen.ts';

/** One launch, as the record has it. */
export interface LedgerRow {
  launch: number;
  generation?: number;
  /** What it is for, and what it spends. */
  cause: string;
  instanceID?: string;
  readyAt?: string;
  /** How it ended; absent for the present one. */
  outcome?: string;
  endedAt?: string;
  /** Its end is on record, and EC2 has not shown yet that its instance is gone. */
  isEnding?: boolean;
}

/** The launches on record, the present one last. At most five that are over are kept; `provisions` counts all there ever were. */
export function ledgerOf({ status = {} }: SeenWorkspace): LedgerRow[] {
  const { launch, history = [], terminating = [] } = status;
  const ending = new Set(terminating.map(({ number }) => number));
  const past = history.toReversed().map(
    ({ number, generation, cause, instanceID, readyAt, outcome, endedAt }): LedgerRow => ({
      launch: number,
      ...(generation !== undefined && { generation }),
      cause: saidOf(cause),
      ...(instanceID !== undefined && { instanceID }),
      ...(readyAt !== undefined && { readyAt }),
      ...(outcome !== undefined && { outcome }),
      ...(endedAt !== undefined && { endedAt }),
      ...(ending.has(number) && { isEnding: true }),
    }),
  );
  if (!launch?.number || history.some(({ number }) => number === launch.number)) return past;
  const { number, generation, cause, instanceID, readyAt } = launch;
  return [
    ...past,
    {
      launch: number,
      ...(generation !== undefined && { generation }),
      cause: saidOf(cause),
      ...(instanceID !== undefined && { instanceID }),
      ...(readyAt !== undefined && { readyAt }),
    },
  ];
}

function saidOf(cause: { kind: string; ref: string } | undefined): string {
  return cause ? `${cause.kind} ${cause.ref}` : '';
}
