import { type Clock, sleep } from '../../controller/lib/clock.ts';
import type { Source } from './source.ts';

interface Listed {
  metadata: { name: string; namespace?: string; resourceVersion?: string };
}

interface Page<T> {
  metadata?: { resourceVersion?: string; continue?: string };
  items?: T[];
}

interface WatchLine<T> {
  type?: string;
  object?: T & { message?: string; code?: number };
}

export interface Followed<T> {
  /** All of them, as a list shows them: what it lacks is gone. */
  onList(objects: readonly T[]): void;
  onChange(object: T): void;
  onGone(object: T): void;
  /** Undefined while it is well; else why what is shown stands still. */
  onTrouble(trouble: string | undefined): void;
}

const PAGE = 500;
/** The API server ends a watch after this, seconds; some proxies end one after five minutes. */
const WATCH_SECONDS = 240;
/** A watch that goes on for longer has lost its other end, as behind a proxy whose upstream is gone, ms. */
const OVERDUE_MS = 1_000 * (WATCH_SECONDS + 60);
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [1_000, 30_000];

/** Lists, watches, and does so again whenever that ends, until the signal aborts. Never rejects. */
export async function follow<T extends Listed>(options: {
  source: Source;
  /** Of the resource, without a query. */
  path: string;
  clock: Clock;
  signal: AbortSignal;
  followed: Followed<T>;
}): Promise<void> {
  const { source, path, clock, signal, followed } = options;
  let pauseMs = FIRST_PAUSE_MS;

  async function list(): Promise<string> {
    const items: T[] = [];
    let next = '';
    for (;;) {
      const query = `?limit=${PAGE}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`;
      const page = (await source.get(`${path}${query}`)) as Page<T>;
      items.push(...(page.items ?? []));
      next = page.metadata?.continue ?? '';
      if (next !== '') continue;
      followed.onList(items);
      return page.metadata?.resourceVersion ?? '';
    }
  }

  /** @returns where to go on, or undefined where only a list helps */
  async function watch(from: string): Promise<string | undefined> {
    let version = from;
    const query = `?watch=1&allowWatchBookmarks=true&timeoutSeconds=${WATCH_SECONDS}&resourceVersion=${encodeURIComponent(from)}`;
    const overdue = new AbortController();
    const timer = clock.setTimeout(() => overdue.abort(), OVERDUE_MS);
    try {
      const lines = source.watch(`${path}${query}`, AbortSignal.any([signal, overdue.signal]));
      for await (const line of lines) {
        const { type, object } = line as WatchLine<T>;
        if (type === 'ERROR' || !object) return undefined;
        version = object.metadata?.resourceVersion ?? version;
        if (type === 'DELETED') followed.onGone(object);
        else if (type !== 'BOOKMARK') followed.onChange(object);
        pauseMs = FIRST_PAUSE_MS;
      }
    } finally {
      timer.cancel();
    }
    if (overdue.signal.aborted) throw new Error('the watch was silent for minutes; what is shown may be old');
    return version;
  }

  while (!signal.aborted) {
    try {
      let version: string | undefined = await list();
      followed.onTrouble(undefined);
      while (version !== undefined && !signal.aborted) {
        const beganAt = clock.monotonic();
        version = await watch(version);
        // A proxy that ends each watch at once is not asked again at once.
        if (clock.monotonic() - beganAt < FIRST_PAUSE_MS) await sleep(clock, FIRST_PAUSE_MS, signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      followed.onTrouble(error instanceof Error ? error.message : String(error));
      await sleep(clock, pauseMs, signal);
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }
}
