import { own } from '../../../api/base/own.ts';
import { CAUSES, type CauseKind } from '../../../api/reasons/causes.ts';
import { ledgerOf } from '../../views/ledger.ts';
import type { LiveWorkspace } from './live.ts';
import type { Launch } from './shapes.ts';

export interface LedgerVerdict {
  isGood: boolean;
  text: string;
}

/**
 * Whether each launch on record spent something of its own, as the ledger's rule has it (docs/design.md). A generation, a request and
 * an end of a launch can each be spent once.
 */
export function verdictOf(workspace: LiveWorkspace): LedgerVerdict {
  const { launch, history = [], provisions = 0 } = workspace.status ?? {};
  const causes = [...history, ...(launch?.number ? [launch] : [])];
  const numbers = new Map<number, string>();
  const spent = new Map<string, Set<number>>();
  for (const { number, cause } of causes) {
    const thing = cause && thingOf(cause);
    if (thing === undefined) continue;
    numbers.set(number, thing);
    spent.set(thing, (spent.get(thing) ?? new Set()).add(number));
  }
  const twice = [...spent].filter(([, launches]) => launches.size > 1);
  if (twice.length > 0)
    return {
      isGood: false,
      text: twice
        .map(
          ([thing, launches]) =>
            `Launches ${[...launches].sort((a, b) => a - b).join(' and ')} both spent ${thing}.`,
        )
        .join(' '),
    };
  if (numbers.size === 0) return { isGood: true, text: 'No launch is on record yet.' };
  const many = numbers.size === 1 ? '1 launch is' : `${numbers.size} launches are`;
  const ever = provisions === 1 ? '1 provision' : `${provisions} provisions`;
  return {
    isGood: true,
    text: `One change was one provision: ${many} on record, each for something of its own. ${ever} ever.`,
  };
}

function thingOf({ kind, ref }: { kind: CauseKind; ref: string }): string | undefined {
  const traits = own(CAUSES, kind);
  // A later release may have causes of which this one does not know what they spend.
  if (!traits) return undefined;
  if (traits.spends === 'generation') return `change ${ref}`;
  return traits.spends === 'request' ? `the request “${ref}”` : `the end of launch ${ref}`;
}

/** The launches, the newest first. */
export function launchesOf(workspace: LiveWorkspace): Launch[] {
  return ledgerOf(workspace)
    .map((row) => ({
      number: row.launch,
      cause: row.cause,
      instance: row.instanceID ?? '',
      readyAt: row.readyAt ?? '',
      outcome: row.outcome ?? 'present',
      endedAt: row.isEnding ? '' : (row.endedAt ?? ''),
    }))
    .toReversed();
}
