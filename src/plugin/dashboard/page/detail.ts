import type { Detail, Entry } from '../models/shapes.ts';
import { now } from './clock.ts';
import { byID, make } from './dom.ts';
import { createTable } from './table.ts';
import { distance, timeOf } from './times.ts';

/** One Workspace's life. */
export function showDetail(detail: Detail): void {
  const { row, message, todo, next, verdict, launches, waits, timeline, eventsMissing } = detail;
  const place = byID('detail');
  const ledger = make('div', {
    class: 'scroll',
    attributes: { role: 'region', tabindex: '0', 'aria-label': 'Launches' },
  });
  createTable(
    ledger,
    'Launches',
    [
      { title: 'Launch', isNumber: true },
      { title: 'For' },
      { title: 'Instance' },
      { title: 'First heartbeat' },
      { title: 'Outcome' },
      { title: 'Ended' },
    ],
    'No launch is on record.',
  ).show(
    launches.map((launch) => ({
      key: String(launch.number),
      cells: [
        { text: String(launch.number) },
        { text: launch.cause },
        { text: launch.instance, class: 'id' },
        { text: clock(launch.readyAt) },
        { text: launch.outcome },
        { text: clock(launch.endedAt) },
      ],
    })),
  );
  const at = now();
  const waiting = waits.map(
    ({ what, on, until }) => `${what} waits for ${on}${until === '' ? '' : `, ${distance(until, at)}`}.`,
  );
  const facts: [string, string][] = [
    ['Availability', row.availability],
    ['EC2 says', row.state === '' ? 'no instance' : `${row.state} (${row.instance})`],
    ['Reason', row.reason],
    ['Because', message],
    ['Waits', waiting.join(' ') || 'for nothing'],
    ['To do', todo],
    ['Type next', next],
  ];
  const list = make(
    'dl',
    {},
    facts
      .filter(([, text]) => text !== '')
      .flatMap(([name, text]) => [
        make('dt', { text: name }),
        name === 'Type next' ? make('dd', {}, [make('code', { text })]) : make('dd', { text }),
      ]),
  );
  place.replaceChildren(
    make('p', {}, [make('a', { text: '← All Workspaces', attributes: { href: '#' } })]),
    make('h2', { text: row.key, attributes: { id: 'detail-title', tabindex: '-1' } }),
    list,
    make('p', { class: verdict.isGood ? 'verdict' : 'verdict bad', text: verdict.text }),
    make('h3', { text: 'Launches: what each was for' }),
    ledger,
    make('h3', { text: 'Its life, the newest first' }),
    ...(eventsMissing === ''
      ? []
      : [make('p', { class: 'bad', text: `Events are missing: ${eventsMissing}` })]),
    make('ol', { class: 'life' }, timeline.map(entryOf)),
  );
}

export function showMissing(key: string, why: string): void {
  byID('detail').replaceChildren(
    make('p', {}, [make('a', { text: '← All Workspaces', attributes: { href: '#' } })]),
    make('h2', { text: key, attributes: { id: 'detail-title', tabindex: '-1' } }),
    make('p', { class: 'bad', text: why }),
  );
}

function clock(iso: string): string {
  return iso === '' ? '' : (timeOf(iso).textContent ?? '');
}

function entryOf({ at, kind, title, text, who, times }: Entry): HTMLLIElement {
  const suffix = `${times > 1 ? ` × ${times}` : ''}${who === '' ? '' : `, by ${who}`}`;
  return make('li', { class: kind }, [
    timeOf(at),
    make('strong', { text: title }),
    document.createTextNode(suffix),
    ...(text === '' ? [] : [make('p', { text })]),
  ]);
}
