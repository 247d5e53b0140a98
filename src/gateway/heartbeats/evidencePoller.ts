import type { Logger } from 'pino';
import { type Clock, sleep } from '../../controller/lib/clock.ts';
import { latest, type MonoMs, plus } from '../../controller/lib/time.ts';
import type { EvidenceView } from '../store/evidence.ts';
import type { HeartbeatStore, LaunchRecord, Transitions } from '../store/heartbeatStore.ts';

export interface EvidencePollerOptions {
  store: Pick<HeartbeatStore, 'readAll' | 'transitions' | 'markSilent'>;
  clock: Clock;
  logger: Logger;
  /** A Workspace's evidence changed, or can be judged again. */
  onChange(uid: string): void;
  /** After each poll, answered or not. @param isNew whether any row may differ from the poll before */
  onPoll?(isNew: boolean): void;
  pollIntervalMs?: number;
  /** How long without an answer until the evidence can't be judged; several polls long. */
  unavailableAfterMs?: number;
  /** How often everything is read again, should a transition ever be missed. */
  resyncIntervalMs?: number;
}

/** Below it a busy machine, not the database, would be judged. */
const LEAST_UNAVAILABLE_MS = 5_000;

export type EvidencePoller = EvidenceView & { start(): void; stop(): Promise<void> };

/**
 * Keeps the store's rows in memory: all of them at the start, then the transitions, once a poll.
 * The evidence is available while the store answers and records a gateway as up; without a gateway silence means nothing.
 * `lastHeartbeatAt` and `seq` are those of the last transition; `fresh` is always current to a poll.
 */
export function createEvidencePoller(options: EvidencePollerOptions): EvidencePoller {
  const { store, clock, logger, onChange, pollIntervalMs = 1_000 } = options;
  const {
    unavailableAfterMs = Math.max(5 * pollIntervalMs, LEAST_UNAVAILABLE_MS),
    resyncIntervalMs = 60_000,
  } = options;
  const stopping = new AbortController();
  let launches = new Map<string, Map<number, LaunchRecord>>();
  /** Workspaces whose rows changed and that `onChange` has not reported yet: a poll may fail between the two. */
  const changed = new Set<string>();
  /** Whether any row may differ from the last `onPoll`. */
  let isNews = false;
  let cursor: string | undefined;
  let resyncAt = 0;
  let answer: { at: number; gatewayUp: boolean } | undefined;
  let wasAvailable = false;
  let away = false;
  let since: MonoMs | undefined;
  let running: Promise<void> | undefined;

  const answered = () => answer !== undefined && clock.monotonic() - answer.at <= unavailableAfterMs;
  const available = () => answered() && answer?.gatewayUp === true;

  async function poll(): Promise<void> {
    const begunAt = clock.monotonic();
    await store.markSilent();
    // The database may have changed meanwhile: after a gap everything is read.
    const full = cursor === undefined || begunAt >= resyncAt || !available();
    const read = full || cursor === undefined ? await store.readAll() : await store.transitions(cursor);
    // It lapses with time alone: passes that looked meanwhile saw no evidence, and wait for the news that it is back.
    const lapsed = !available();
    // A gap that no poll saw is one all the same: the answer before this one may have grown too old.
    if (lapsed || !read.gatewayUp) since = undefined;
    answer = { at: begunAt, gatewayUp: read.gatewayUp };
    // A database that was replaced, or a gap between two polls, shows in its own record of the gateways.
    if (read.gatewayUp) since = latest(plus(begunAt, -read.gatewayUpMs), since ?? begunAt);
    if (full) resyncAt = begunAt + resyncIntervalMs;
    if (full) replace(read);
    else for (const row of read.rows) take(launches, row);
    cursor = read.cursor;
    isNews ||= full || changed.size > 0;
    if (available() && lapsed) for (const uid of launches.keys()) changed.add(uid);
    for (const uid of changed) {
      onChange(uid);
      changed.delete(uid);
    }
  }

  function take(into: typeof launches, row: LaunchRecord): void {
    const known = into.get(row.uid) ?? new Map<number, LaunchRecord>();
    into.set(row.uid, known);
    if (into === launches && known.get(row.number)?.version !== row.version) changed.add(row.uid);
    known.set(row.number, Object.freeze(row));
  }

  function replace({ rows }: Transitions): void {
    const read: typeof launches = new Map();
    for (const row of rows) take(read, row);
    for (const uid of new Set([...launches.keys(), ...read.keys()])) {
      if (versions(launches.get(uid)) !== versions(read.get(uid))) changed.add(uid);
    }
    launches = read;
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await poll();
        away = false;
      } catch (error) {
        // Said once, as the gateway does of its own.
        if (!away) {
          logger.warn(
            { cause: error instanceof Error ? error.message : 'unknown' },
            'heartbeat evidence not read; nothing is replaced on silence until it is',
          );
        }
        away = true;
      }
      if (available() !== wasAvailable) {
        wasAvailable = available();
        logger.info({ available: wasAvailable }, 'heartbeat evidence');
      }
      options.onPoll?.(isNews);
      isNews = false;
      await sleep(clock, pollIntervalMs, stopping.signal);
    }
  }

  return {
    available,
    missing: () => (available() ? undefined : answered() ? 'Gateway' : 'Database'),
    availableSince: () => (available() ? since : undefined),
    ofWorkspace: (uid) => [...(launches.get(uid)?.values() ?? [])],
    start() {
      running ??= run();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

function versions(rows: ReadonlyMap<number, LaunchRecord> | undefined): string {
  return [...(rows?.values() ?? [])]
    .map(({ number, version }) => `${number}@${version}`)
    .sort()
    .join();
}
