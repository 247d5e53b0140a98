import type { ClassRow, Row, Update, Wait } from '../models/shapes.ts';
import { now } from './clock.ts';
import { byID, make, setText, work } from './dom.ts';
import { createTable } from './table.ts';
import { distance } from './times.ts';

/** More rows than a person reads; the filter finds the others. */
const MOST_ROWS = 1_000;

export interface FleetView {
  take(update: Update): void;
  /** Updates the times that are shown. */
  tick(): void;
}

function hrefOf(key: string): string {
  return `#/${key.split('/').map(encodeURIComponent).join('/')}`;
}

const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

/** Classes, waits and Workspaces. */
export function createFleetView(): FleetView {
  const rows = new Map<string, Row>();
  let sorted: Row[] = [];
  let last: Update | undefined;
  const filter = byID<HTMLInputElement>('filter');
  const classes = createTable(
    byID('classes'),
    'Classes',
    [
      { title: 'Class' },
      { title: 'Workspaces', isNumber: true },
      { title: 'Current', isNumber: true },
      { title: 'Updating', isNumber: true },
      { title: 'Failing', isNumber: true },
      { title: 'Roll-out' },
      { title: 'Replaced' },
      { title: 'What it says' },
    ],
    'No class is to be seen.',
  );
  const waits = createTable(
    byID('waits'),
    'What waits for what',
    [{ title: 'Workspace' }, { title: 'What waits' }, { title: 'For' }, { title: 'Until' }],
    'Nothing waits.',
  );
  const workspaces = createTable(
    byID('workspaces'),
    'Workspaces',
    [
      { title: 'Workspace' },
      { title: 'Class' },
      { title: 'Availability' },
      { title: 'EC2 says' },
      { title: 'Instance' },
      { title: 'Reason' },
      { title: 'Since' },
      { title: 'Change' },
      { title: 'Provisions', isNumber: true },
      { title: 'Ledger' },
    ],
    'No Workspace is to be seen.',
  );

  function showWorkspaces(): void {
    const before = { ...work };
    performance.mark('rows-begin');
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found =
      words.length === 0 ? sorted : sorted.filter((row) => words.every((word) => textOf(row).includes(word)));
    const shown = found.slice(0, MOST_ROWS);
    const at = now();
    workspaces.show(shown.map((row) => ({ key: row.key, cells: cellsOf(row, at) })));
    // Layout is part of what a reader waits for.
    byID('workspaces').getBoundingClientRect();
    performance.measure('rows', {
      start: 'rows-begin',
      detail: { rows: shown.length, made: work.made - before.made, changed: work.changed - before.changed },
    });
    const all = `${sorted.length} Workspace${sorted.length === 1 ? '' : 's'}`;
    setText(byID('shown'), shown.length === sorted.length ? all : `${shown.length} of ${all}`);
  }

  function showRest({ classes: all, waits: waiting, troubles, scope }: Update): void {
    const at = now();
    setText(byID('scope'), scope);
    classes.show(all.map((each) => ({ key: each.name, cells: classCells(each, at) })));
    waits.show(waiting.map((each, index) => ({ key: `${each.key} ${index}`, cells: waitCells(each, at) })));
    const place = byID('troubles');
    if ([...place.children].map((child) => child.textContent).join('\n') === troubles.join('\n')) return;
    place.replaceChildren(...troubles.map((text) => make('p', { text })));
  }

  filter.addEventListener('input', showWorkspaces);
  return {
    take(update) {
      last = update;
      if (update.isWhole) rows.clear();
      for (const row of update.rows) rows.set(row.key, row);
      for (const key of update.gone) rows.delete(key);
      sorted = [...rows.values()].sort(byKey);
      showRest(update);
      showWorkspaces();
    },
    tick() {
      if (last) showRest(last);
      showWorkspaces();
    },
  };
}

function textOf({ key, className, availability, state, instance, reason }: Row): string {
  return `${key} ${className} ${availability} ${state} ${instance} ${reason}`.toLowerCase();
}

function cellsOf(row: Row, now: number) {
  const { key, className, availability, state, instance, reason, since, desired, launched, provisions } = row;
  return [
    { text: key, href: hrefOf(key) },
    { text: className },
    { text: availability, class: `word short ${availability}` },
    { text: state === '' ? 'no instance' : state },
    { text: instance, class: 'id' },
    { text: reason },
    { text: distance(since, now), class: 'short' },
    { text: launched === desired ? String(desired) : `${launched}, then ${desired}`, class: 'short' },
    { text: String(provisions) },
    row.isViolated ? { text: 'one change, two launches', class: 'bad' } : { text: 'good' },
  ];
}

function classCells(each: ClassRow, now: number) {
  const { name, total, current, updating, failing, rollout, message, updated, toUpdate, ends, halted } = each;
  const end = distance(ends, now);
  return [
    { text: name },
    ...[total, current, updating, failing].map((count) => ({ text: String(count) })),
    { text: rollout, class: `word short ${rollout.replace(/\W/g, '')}` },
    { text: toUpdate === 0 ? '' : `${updated} of ${toUpdate}${end === '' ? '' : `, ends ${end}`}` },
    { text: [message, ...halted].join(' ') },
  ];
}

function waitCells({ key, what, on, until }: Wait, now: number) {
  return [
    { text: key, href: hrefOf(key) },
    { text: what },
    { text: on },
    { text: distance(until, now), class: 'short' },
  ];
}
