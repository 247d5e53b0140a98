import type { LedgerRow } from './ledger.ts';
import type { RolloutView, WorkspaceView } from './views.ts';
import type { Why } from './why.ts';

export const GREEN = '\u001B[32m';
export const RED = '\u001B[31m';
export const YELLOW = '\u001B[33m';
export const PLAIN = '\u001B[0m';
const BAR = 30;

/** Whether text is coloured: on a terminal, unless NO_COLOR is set (no-color.org). */
export interface Style {
  isColoured: boolean;
}

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0),
  );
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

const COLUMNS = ['NAMESPACE', 'NAME', 'CLASS', 'REASON', 'GENERATION', 'PROVISIONS', 'INSTANCE'];

/** A table of Workspaces, and how many have each reason. */
export function listText(views: readonly WorkspaceView[]): string {
  const rows = views.map((view) => [
    view.namespace,
    view.name,
    view.className,
    view.why?.reason ?? 'Ready',
    `${view.generation.launched}/${view.generation.desired}`,
    String(view.provisions),
    view.instance ? `${view.instance.id} ${view.instance.state}` : '',
  ]);
  // Node 20 has no Map.groupBy.
  const counts = new Map<string, number>();
  for (const [, , , reason = ''] of rows) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const sums = [...counts].map(([reason, count]) => `${count} ${reason}`);
  const total = views.length === 1 ? '1 Workspace' : `${views.length} Workspaces`;
  return `${table([COLUMNS, ...rows])}${total}${sums.length > 0 ? `: ${sums.join(', ')}` : ''}\n`;
}

/** One Workspace with its ledger. */
export function statusText(view: WorkspaceView, { isColoured }: Style): string {
  const { name, namespace, className, ready, why, generation, instance, provisions, ledger } = view;
  const verdict = why?.reason ?? 'Ready';
  const shown = isColoured ? `${ready ? GREEN : RED}${verdict}${PLAIN}` : verdict;
  const { id, state, type, zone } = instance ?? {};
  const head = table([
    ['Workspace', `${namespace}/${name} of class ${className}`],
    ['State', shown],
    ['Instance', id === undefined ? 'none' : [id, state, type, zone].filter(Boolean).join(' ')],
    ['Generation', `${generation.launched} of ${generation.desired} is carried out`],
    ['Provisions', `${provisions} ever`],
  ]);
  const rows = ledger.map((row) => [...ledgerCells(row), row.isEnding ? 'ending' : (row.endedAt ?? '')]);
  return `${head}\n${table([[...LEDGER, 'ENDED'], ...rows])}${why ? `\n${whyText(why)}` : ''}`;
}

export const LEDGER = ['LAUNCH', 'FOR', 'INSTANCE', 'READY', 'OUTCOME'];

export function ledgerCells({ launch, cause, instanceID, readyAt, outcome }: LedgerRow): string[] {
  return [String(launch), cause, instanceID ?? '', readyAt ?? '', outcome ?? 'present'];
}

export function whyText({ condition, reason, message, since, outdated, todo, next }: Why): string {
  const rows = [
    [condition, `${reason}${since === undefined ? '' : ` since ${since}`}`],
    ['Because', message],
    ...(outdated === undefined ? [] : [['But', outdated]]),
    ...(todo === undefined ? [] : [['To do', todo]]),
    ['Next', next],
  ];
  return table(rows);
}

export function rolloutText({ className, reason, message, counts, progress, halted }: RolloutView): string {
  const { total, current, updating, failing } = counts;
  const done = progress && progress.total > 0 ? progress.updated / progress.total : 1;
  const bar = '#'.repeat(Math.round(done * BAR)).padEnd(BAR, '.');
  const ends = progress?.endedAt ?? progress?.estimatedEndAt;
  return [
    `${className}: ${reason}. ${message}\n`,
    progress ? `[${bar}] ${progress.updated} of ${progress.total}${ends ? `, end ${ends}` : ''}\n` : '',
    `${total} Workspaces: ${current} current, ${updating} updating, ${failing} failing\n`,
    ...halted.map(
      (halt) => `halted since ${halt.since}${halt.by ? ` by ${halt.by}` : ''}: ${halt.message}\n`,
    ),
  ].join('');
}
