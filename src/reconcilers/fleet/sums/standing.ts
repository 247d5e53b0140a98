import { namesOf } from '../../../api/base/table.ts';
import { CLASS_WIDE_REASONS, type ClassWideReason } from '../../../api/reasons/reasons.ts';
import { createLine, type Line, momentOf, readMoment } from '../lines/line.ts';
import type { FleetEntry } from '../member/entry.ts';

const BLOCKED = namesOf(CLASS_WIDE_REASONS);

/** Counts of a class's Workspaces by state, as its status shows them. */
export interface Standing {
  readonly counts: Readonly<Record<FleetEntry['state'] | 'total', number>>;
  /** How many have a change yet to be carried out, or being carried out. */
  readonly rolling: number;
  move(before: FleetEntry | undefined, now: FleetEntry | undefined): void;
  /** When the first change that is not carried out counted, wall ms. */
  dueSince(): number | undefined;
  /** How many replacements that ended well began at this moment or later, wall ms. */
  replacedSince: (at: number) => number;
  /** How long a replacement takes, ms; undefined before one ended well. */
  meanMs(): number | undefined;
  /** By what keeps them from launching. */
  blocked(): { reason: ClassWideReason; count: number; example: string }[];
}

export function createStanding(): Standing {
  const counts = { total: 0, current: 0, updating: 0, failing: 0 };
  const due = createLine();
  const replaced = createLine();
  const blocked = new Map<string, Line>(BLOCKED.map((reason) => [reason, createLine()]));
  let replacedMs = 0;

  function count(entry: FleetEntry, by: 1 | -1): void {
    const { key } = entry;
    counts.total += by;
    counts[entry.state] += by;
    if (entry.rolling) change(due, momentOf(entry.dueAt, key), key, by);
    const line = blocked.get(entry.reason ?? '');
    if (line) change(line, key, key, by);
    if (!entry.replaced) return;
    change(replaced, momentOf(entry.replaced.from, key), key, by);
    replacedMs += by * (entry.replaced.to - entry.replaced.from);
  }

  return {
    counts,
    get rolling() {
      return due.length;
    },
    move(before, now) {
      if (before) count(before, -1);
      if (now) count(now, 1);
    },
    dueSince() {
      const first = due.first();
      return first && readMoment(first);
    },
    replacedSince: (at) => replaced.length - replaced.ahead(momentOf(at, '')),
    meanMs: () => (replaced.length > 0 ? replacedMs / replaced.length : undefined),
    blocked: () =>
      BLOCKED.flatMap((reason) => {
        const line = blocked.get(reason);
        const example = line?.first()?.key;
        return line && example !== undefined ? [{ reason, count: line.length, example }] : [];
      }),
  };
}

function change(line: Line, order: string, key: string, by: 1 | -1): void {
  if (by > 0) line.add({ order, key });
  else line.remove({ order, key });
}
