import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '../../controller/lib/clock.ts';
import type { WatchEnd } from '../base/metrics.ts';
import type { WatchEvent } from '../views/workspaceView.ts';
import type { Shown } from './board.ts';
import { covers, type Scope } from './scope.ts';

/** The part of Node's ServerResponse that a stream needs. */
export type Outlet = Pick<ServerResponse, 'writeHead' | 'write' | 'end' | 'destroy' | 'on' | 'destroyed'>;

export interface Stream {
  /** Sends what is new. */
  pump(): void;
  /** Keeps connections through proxies open, and finds those whose other end is gone. */
  beat(): void;
  end(reason: Exclude<WatchEnd, 'client'>): void;
}

/** Pause of a client before it connects again, ms. */
const RETRY_MS = 2_000;
/** Characters made at a time. What a client has not read yet is this and Node's own buffer, and no more. */
const CHUNK = 32_768;
/** How long a client may read nothing while there is something for it, ms. */
const STALL_MS = 30_000;
/** How long the last event may take to leave, ms. */
const LEAVE_MS = 5_000;

/**
 * One watch, as Server-Sent Events (WHATWG HTML, 9.2). It holds its place in the changes and no queue: of a Workspace that
 * changes faster than the client reads, the client gets the latest.
 */
export function createStream(options: {
  shown: Shown;
  outlet: Outlet;
  scope: Scope;
  /** The Last-Event-ID that the client sent. */
  from: string | undefined;
  clock: Clock;
  onEnd(reason: WatchEnd): void;
}): Stream {
  const { shown, outlet, scope, clock, onEnd } = options;
  const { changes, epoch } = shown;
  const resumed = numberIn(options.from, shown);
  /** The last change that was sent. */
  let sent = resumed ?? changes.latest();
  let listing: { keys: readonly string[]; next: number } | undefined =
    resumed === undefined ? { keys: shown.keys(), next: 0 } : undefined;
  let isSynced = false;
  let stall: Timer | undefined;
  let ended: WatchEnd | undefined;
  let leave: Timer | undefined;

  function eventText(name: WatchEvent, data: string, id?: string): string {
    return `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`;
  }

  function nextListed({ keys, next }: { keys: readonly string[]; next: number }): string {
    const key = keys[next] ?? '';
    const row = covers(scope, key) ? shown.row(key) : undefined;
    return row === undefined ? '' : eventText('workspace', row);
  }

  function nextChange(): string {
    sent += 1;
    const change = changes.at(sent);
    if (change === undefined || !covers(scope, change.key)) return '';
    const id = `${epoch}-${sent}`;
    const row = shown.row(change.key);
    if (row !== undefined) return eventText('workspace', row, id);
    return change.gone === undefined ? '' : eventText('gone', change.gone, id);
  }

  function nextText(): string {
    let text = '';
    for (; listing && text.length < CHUNK; listing.next += 1) {
      if (listing.next >= listing.keys.length) listing = undefined;
      else text += nextListed(listing);
      if (!listing) break;
    }
    if (listing) return text;
    while (sent < changes.latest() && text.length < CHUNK) text += nextChange();
    if (isSynced || sent < changes.latest()) return text;
    isSynced = true;
    return `${text}${eventText('synced', '{}', `${epoch}-${sent}`)}`;
  }

  function pump(): void {
    if (ended || stall) return;
    if (!changes.reaches(sent)) end('slow');
    const text = ended ? '' : nextText();
    if (text === '') return;
    if (outlet.write(text)) clock.nextTurn(pump);
    else stall = clock.setTimeout(() => end('slow'), STALL_MS);
  }

  function end(reason: WatchEnd): void {
    if (ended) return;
    ended = reason;
    const isStalled = stall !== undefined;
    stall?.cancel();
    // A client that reads nothing gets no farewell either.
    if (isStalled || reason === 'client') outlet.destroy();
    else {
      outlet.end(eventText('end', JSON.stringify({ reason })));
      leave = clock.setTimeout(() => outlet.destroy(), LEAVE_MS);
    }
    onEnd(reason);
  }

  outlet.on('drain', () => {
    stall?.cancel();
    stall = undefined;
    pump();
  });
  outlet.on('close', () => {
    end('client');
    leave?.cancel();
  });
  outlet.on('error', () => end('client'));
  outlet.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    connection: 'close',
  });
  const opening = listing ? eventText('reset', '{}', '') : '';
  outlet.write(`retry: ${RETRY_MS}\n\n${opening}`);
  pump();
  return {
    pump,
    beat() {
      if (!ended && !stall) outlet.write(':\n\n');
    },
    end,
  };
}

/** Undefined where the client has to begin again: it never had a place, had it in another process, or it is too long ago. */
function numberIn(id: string | undefined, { epoch, changes }: Shown): number | undefined {
  const [, of, number] = /^([0-9a-f]{16})-([0-9]{1,15})$/.exec(id ?? '') ?? [];
  if (of !== epoch) return undefined;
  return changes.reaches(Number(number)) ? Number(number) : undefined;
}
