import type { Workspace } from '../../src/api/kinds/workspace.ts';
import type { Books } from './books.ts';

/** Rows as wide as their widest cells. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}

/** What was provisioned and why: each launch of the status beside the cloud's own record of it. */
export function ledgerTable(workspace: Workspace, books: Books, startedAtMs: number): string[] {
  const { launch, history = [], desired } = workspace.status ?? {};
  const seconds = (at: string | undefined) =>
    at === undefined ? '-' : `${((Date.parse(at) - startedAtMs) / 1000).toFixed(1)} s`;
  const ended = [...history].reverse().map((entry) => ({ ...entry, end: entry.outcome as string }));
  const present = launch?.cause ? [{ ...launch, cause: launch.cause, end: 'lives' }] : [];
  const rows = [...ended, ...present].map(({ number, generation, cause, instanceID = '-', end }) => [
    String(number),
    String(generation),
    cause.kind,
    generation === desired?.generation ? (desired.changed?.join(', ') ?? '-') : '-',
    instanceID,
    seconds(books.provisions.find((entry) => entry.instanceID === instanceID)?.at),
    end,
    seconds(books.terminations.find((entry) => entry.instanceID === instanceID)?.at),
  ]);
  const heads = ['launch', 'generation', 'because', 'changed', 'instance', 'provisioned', 'end', 'ended'];
  return table([heads, ...rows]);
}
