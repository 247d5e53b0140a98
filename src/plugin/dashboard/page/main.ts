import type { Detail, Update } from '../models/shapes.ts';
import { every } from './clock.ts';
import { showDetail, showMissing } from './detail.ts';
import { byID, setText } from './dom.ts';
import { createFleetView } from './fleet.ts';

/** How often the page updates its times, and asks for an open Workspace again for its events, ms. */
const TICK_MS = 5_000;

const fleet = createFleetView();
let open = '';
let asked = 0;

function keyInAddress(): string {
  const [, namespace, name] = /^#\/([^/]+)\/([^/]+)$/.exec(location.hash) ?? [];
  if (namespace === undefined || name === undefined) return '';
  try {
    return `${decodeURIComponent(namespace)}/${decodeURIComponent(name)}`;
  } catch {
    return '';
  }
}

async function askDetail(isNew: boolean): Promise<void> {
  const key = open;
  asked += 1;
  const number = asked;
  const before = document.activeElement?.id;
  const [isFound, answer] = await detailOf(key);
  // An answer that comes late is of another Workspace, or older than one that is shown.
  if (key !== open || number !== asked) return;
  if (isFound) showDetail(answer as Detail);
  else showMissing(key, (answer as { message: string }).message);
  if (isNew || before === 'detail-title') byID('detail-title').focus();
}

async function detailOf(key: string): Promise<[boolean, Detail | { message: string }]> {
  try {
    const response = await fetch(`workspace?key=${encodeURIComponent(key)}`);
    return [response.ok, (await response.json()) as Detail];
  } catch {
    return [false, { message: 'kubectl workspace dashboard does not answer; is it still running?' }];
  }
}

function follow(): void {
  open = keyInAddress();
  byID('detail').hidden = open === '';
  byID('overview').hidden = open !== '';
  document.title = open === '' ? 'Workspaces' : `${open} – Workspaces`;
  if (open !== '') void askDetail(true);
}

addEventListener('hashchange', follow);
follow();

const live = new EventSource('live');
live.addEventListener('open', () => setText(byID('state'), 'live'));
live.addEventListener('error', () => setText(byID('state'), 'not connected: what you see stands still'));
live.addEventListener('message', ({ data }) => {
  const update = JSON.parse(data) as Update;
  fleet.take(update);
  const isTouched = update.rows.some(({ key }) => key === open) || update.gone.includes(open);
  if (open !== '' && isTouched) void askDetail(false);
});
every(TICK_MS, () => {
  fleet.tick();
  if (open !== '') void askDetail(false);
});
