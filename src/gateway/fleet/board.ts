import type { Logger } from 'pino';
import { objectKey } from '../../controller/cache/store.ts';
import type { Clock, Timer } from '../../controller/lib/clock.ts';
import type { Random } from '../../controller/lib/random.ts';
import { viewOf } from '../handlers/describe.ts';
import { createEvidencePoller, type EvidencePoller } from '../heartbeats/evidencePoller.ts';
import type { ClassReader, WorkspaceFeed } from '../served/lookup.ts';
import type { HeartbeatStore } from '../store/heartbeatStore.ts';
import { type Changes, createChanges } from './changes.ts';

export interface BoardOptions {
  workspaces: WorkspaceFeed;
  classes: ClassReader;
  store: Pick<HeartbeatStore, 'readAll' | 'transitions'>;
  clock: Clock;
  random: Random;
  logger: Logger;
}

/** What all callers see, made once for all of them. */
export interface Shown {
  /** Another one for each time that the board begins: numbers of changes are good within it alone. */
  epoch: string;
  changes: Changes;
  /** Sorted; another array whenever a Workspace comes or goes. */
  keys(): readonly string[];
  /** The view as JSON. */
  row(key: string): string | undefined;
  /** Returns how to stop listening. */
  onChange(listener: () => void): () => void;
}

/**
 * The views of all Workspaces, kept while a caller lists or watches and for `LINGER_MS` after: without such callers the gateway
 * does not read the database for them. Each view is made once for each change, for any number of watches.
 */
export interface Board {
  /** Resolves once all views are there. Call `release` when done, once. */
  open(): Promise<{ shown: Shown; release(): void }>;
  stop(): Promise<void>;
}

const LINGER_MS = 60_000;
/** How often all views are made again: an edit of a class's agentHosts reaches no Workspace. */
const REMAKE_MS = 60_000;
/** Views made in one turn of the event loop; each takes some microseconds. */
const SLICE = 200;
/** Changes kept: a restart of everything in a fleet of 10,000. */
const MOST_CHANGES = 16_384;

export function createBoard(options: BoardOptions): Board {
  const { clock } = options;
  let users = 0;
  let running: Running | undefined;
  let linger: Timer | undefined;
  let closing: Promise<void> = Promise.resolve();

  function close(): Promise<void> {
    linger?.cancel();
    closing = running?.stop() ?? closing;
    running = undefined;
    return closing;
  }

  return {
    async open() {
      users += 1;
      linger?.cancel();
      running ??= run(options);
      const { shown, whole } = running;
      await whole;
      let isReleased = false;
      return {
        shown,
        release() {
          if (isReleased) return;
          isReleased = true;
          users -= 1;
          if (users === 0) linger = clock.setTimeout(() => void close(), LINGER_MS);
        },
      };
    },
    stop: close,
  };
}

interface Running {
  shown: Shown;
  whole: Promise<void>;
  stop(): Promise<void>;
}

function run({ workspaces, classes, store, clock, random, logger }: BoardOptions): Running {
  const rows = new Map<string, string>();
  const changes = createChanges(MOST_CHANGES);
  const listeners = new Set<() => void>();
  const marked = new Set<string>();
  const whole = Promise.withResolvers<void>();
  let sorted: readonly string[] | undefined;
  let isDue = false;
  let isStopped = false;
  let isPolled = false;
  let wasAvailable = false;
  let remake: Timer | undefined;

  const poller: EvidencePoller = createEvidencePoller({
    // The controller alone says which launches are silent.
    store: { ...bound(store), markSilent: async () => 0 },
    clock,
    logger,
    onChange(uid) {
      for (const workspace of workspaces.byIndex('uid', uid)) mark(objectKey(workspace));
    },
    onPoll() {
      if (isPolled && poller.available() === wasAvailable) return;
      isPolled = true;
      wasAvailable = poller.available();
      markAll();
    },
  });

  function view(key: string): string | undefined {
    const workspace = workspaces.get(key);
    if (workspace === undefined) return undefined;
    const { uid } = workspace.metadata;
    const number = workspace.status?.launch?.number;
    const evidence = poller.available()
      ? poller.ofWorkspace(uid).find((row) => row.number === number)
      : 'unavailable';
    return JSON.stringify(viewOf({ classes }, workspace, evidence));
  }

  /** @returns whether the row is another now */
  function make(key: string): boolean {
    const [before, now] = [rows.get(key), view(key)];
    if (before === now) return false;
    if (now === undefined) rows.delete(key);
    else rows.set(key, now);
    if (before === undefined || now === undefined) sorted = undefined;
    changes.add(now === undefined && before !== undefined ? { key, gone: leftOf(before) } : { key });
    return true;
  }

  function work(): void {
    isDue = false;
    if (isStopped) return;
    let isChanged = false;
    let made = 0;
    for (const key of marked) {
      marked.delete(key);
      isChanged = make(key) || isChanged;
      made += 1;
      if (made >= SLICE) break;
    }
    if (marked.size > 0) soon();
    else if (isPolled) whole.resolve();
    if (isChanged) for (const listener of listeners) listener();
  }

  function soon(): void {
    if (isDue) return;
    isDue = true;
    clock.nextTurn(work);
  }

  function mark(key: string): void {
    marked.add(key);
    soon();
  }

  function markAll(): void {
    for (const key of rows.keys()) marked.add(key);
    for (const key of workspaces.keys()) marked.add(key);
    soon();
    remake?.cancel();
    if (!isStopped) remake = clock.setTimeout(markAll, REMAKE_MS);
  }

  const unsubscribe = workspaces.onChange(({ object }) => mark(objectKey(object)));
  poller.start();
  return {
    shown: {
      epoch: random.bytes(8).toString('hex'),
      changes,
      keys() {
        sorted ??= [...rows.keys()].sort();
        return sorted;
      },
      row: (key) => rows.get(key),
      onChange(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    whole: whole.promise,
    async stop() {
      isStopped = true;
      unsubscribe();
      remake?.cancel();
      whole.resolve();
      await poller.stop();
    },
  };
}

function bound(store: BoardOptions['store']): BoardOptions['store'] {
  return { readAll: () => store.readAll(), transitions: (cursor) => store.transitions(cursor) };
}

function leftOf(row: string): string {
  const { namespace, name, uid } = JSON.parse(row) as { namespace: string; name: string; uid: string };
  return JSON.stringify({ namespace, name, uid });
}
