import type { Narrator } from '../terminal/narrator.ts';
import { ledgerTable, table } from './ledgerTable.ts';
import type { NaiveOutcome } from './naiveStory.ts';
import { faultsOf, type Outcome } from './verdict.ts';

/** The ledger, the old way beside it, and the verdict; true when all is as promised. */
export function summarise(options: {
  narrator: Narrator;
  outcome: Outcome;
  old: NaiveOutcome | undefined;
  /** When the story began, wall ms, and how long it took. */
  startedAt: number;
  elapsedMs: number;
}): boolean {
  const { narrator, outcome, old, startedAt, elapsedMs } = options;
  const { before, after, reports } = outcome;
  narrator.step(
    "The ledger: what was provisioned and why, from the Workspace's status and the cloud's own books",
  );
  narrator.command('kubectl get wks ada -o yaml     # .status.history, .status.launch');
  for (const row of ledgerTable(outcome.workspace, after, startedAt)) narrator.plain(`  ${row}`);
  narrator.plain();
  const spent = (books: { before: typeof before; after: typeof after }, of: 'provisions' | 'terminations') =>
    String(books.after[of].length - books.before[of].length);
  const rows = [
    ['for one changed secret', 'operator', 'the old way'],
    ['RunInstances accepted', spent(outcome, 'provisions'), old ? spent(old, 'provisions') : ''],
    ['TerminateInstances', spent(outcome, 'terminations'), old ? spent(old, 'terminations') : ''],
    ['reports "it is dead"', String(reports.sent), old ? String(old.cries) : ''],
    ['  of them acted on', String(reports.forwarded), old ? String(old.cries) : ''],
    ['live instances at the end', String(after.live.length), old ? String(old.after.live.length) : ''],
  ].map((row) => (old ? row : row.slice(0, 2)));
  for (const row of table(rows)) narrator.plain(`  ${row}`);
  narrator.plain();
  const faults = faultsOf(outcome);
  for (const fault of faults) narrator.plain(`  wrong: ${fault}`, 'bad');
  const seconds = `${(elapsedMs / 1000).toFixed(0)} s`;
  if (faults.length === 0) narrator.plain(`Verdict: one change, exactly one provision. (${seconds})`, 'good');
  else narrator.plain(`Verdict: not as promised, see above. (${seconds})`, 'bad');
  return faults.length === 0;
}
