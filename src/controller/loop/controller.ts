import type { Logger } from 'pino';
import { isConflict, TerminalError } from '../client/errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import { newUUID } from '../lib/uuid.ts';
import type { RuntimeMetrics } from '../serve/metrics.ts';
import { createTurns, type Turns } from './turns.ts';
import type { Workqueue } from './workqueue.ts';

export interface ReconcileContext {
  /** Names one pass in every log line of it. */
  reconcileID: string;
  /** Aborts when the pass has run too long, or the drain's grace is over. */
  signal: AbortSignal;
  /** Bound to controller, namespace, name and reconcileID. */
  readonly logger: Logger;
}

export interface ReconcileResult {
  /** Look again in this many ms, even if nothing happens; 0 is at once. */
  requeueAfterMs?: number;
}

/** Brings one key closer to what is wanted. A throw is tried again with backoff, but for a TerminalError. */
export type Reconcile = (key: string, context: ReconcileContext) => Promise<ReconcileResult | undefined>;

export interface ControllerOptions {
  /** The label of its metrics and logs. */
  name: string;
  reconcile: Reconcile;
  queue: Workqueue;
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics: RuntimeMetrics;
  /** Reconciles at once. Default 1. */
  workers?: number;
  /** Shared with the process's other controllers. Default: its own. */
  turns?: Turns;
  /** After this a pass's signal is aborted, ms. Default 120,000. */
  timeoutMs?: number;
  /** A pass that has not settled this long after its signal aborted is given up: it counts as failed, its worker goes on. ms, default 10,000. */
  abandonAfterMs?: number;
}

export interface Controller {
  /** Starts the workers; does nothing while they run. May be called again after `stop`. */
  start(): void;
  /**
   * Takes no more keys and waits for those at work; after `graceMs` (default 10,000) it aborts them, and after
   * `abandonAfterMs` more gives them up. The queue keeps what it holds. True when nothing had to be aborted.
   */
  stop(graceMs?: number): Promise<boolean>;
}

type Outcome = { result: ReconcileResult | undefined } | { error: unknown };

export function createController(options: ControllerOptions): Controller {
  const { name, reconcile, queue, clock, random, metrics, workers = 1 } = options;
  const { timeoutMs = 120_000, abandonAfterMs = 10_000, turns = createTurns({ clock }) } = options;
  const labels = { controller: name };
  const activeWorkers = metrics.activeWorkers.labels(labels);
  const reconcileTime = metrics.reconcileTime.labels(labels);
  const passes = new Set<AbortController>();
  /** Each key's terminal error, until it fails otherwise or succeeds: the same error is logged once. */
  const givenUp = new Map<string, string>();
  let workersRun: { taking: AbortController; ended: Promise<unknown> } | undefined;

  async function work(taking: AbortSignal): Promise<void> {
    for (let key = await queue.get(taking); key !== undefined; key = await queue.get(taking)) {
      await turns.take();
      activeWorkers.inc();
      const startedAt = clock.monotonic();
      try {
        await pass(key);
      } finally {
        reconcileTime.observe((clock.monotonic() - startedAt) / 1000);
        activeWorkers.dec();
        queue.done(key);
      }
    }
  }

  async function pass(key: string): Promise<void> {
    const reconcileID = newUUID(random);
    // Nearly all passes log nothing, and binding the names is work.
    let bound: Logger | undefined;
    const logger = () => {
      bound ??= options.logger.child({ controller: name, ...split(key), reconcileID });
      return bound;
    };
    const outcome = await attempt(key, reconcileID, logger);
    if ('error' in outcome) return fail(key, outcome.error, logger());
    queue.forget(key);
    givenUp.delete(key);
    const after = outcome.result?.requeueAfterMs;
    if (after !== undefined) queue.addAfter(key, after);
    metrics.reconcileTotal.inc({ ...labels, result: after === undefined ? 'success' : 'requeue_after' });
  }

  function attempt(key: string, reconcileID: string, logger: () => Logger): Promise<Outcome> {
    return new Promise((resolve) => {
      const limit = new AbortController();
      const settle = (outcome: Outcome) => {
        timer.cancel();
        passes.delete(limit);
        resolve(outcome);
      };
      let timer = clock.setTimeout(() => {
        metrics.reconcileTimeouts.inc(labels);
        limit.abort(new Error(`the reconcile ran longer than ${timeoutMs} ms`));
      }, timeoutMs);
      limit.signal.addEventListener('abort', () => {
        timer.cancel();
        timer = clock.setTimeout(() => {
          settle({
            error: new Error(`given up ${abandonAfterMs} ms after its abort: ${limit.signal.reason}`),
          });
        }, abandonAfterMs);
      });
      passes.add(limit);
      // Inside an async function, so that a synchronous throw is one outcome among others.
      const context: ReconcileContext = {
        reconcileID,
        signal: limit.signal,
        get logger() {
          return logger();
        },
      };
      const run = async () => ({ result: await reconcile(key, context) });
      run().then(settle, (error: unknown) => settle({ error }));
    });
  }

  function fail(key: string, error: unknown, logger: Logger): void {
    if (error instanceof TerminalError) {
      giveUp(key, error, logger);
      return;
    }
    givenUp.delete(key);
    queue.addRateLimited(key);
    if (isConflict(error)) {
      // Somebody else wrote first: the loop's daily bread, settled by looking again.
      metrics.reconcileTotal.inc({ ...labels, result: 'requeue' });
      logger.debug({ reason: error.reason, path: error.path }, 'reconcile met a newer version; trying again');
      return;
    }
    metrics.reconcileTotal.inc({ ...labels, result: 'error' });
    metrics.reconcileErrors.inc(labels);
    if (isPanic(error)) metrics.reconcilePanics.inc(labels);
    logger.error({ err: error, failures: queue.retries(key) }, 'reconcile failed; trying again');
  }

  function giveUp(key: string, error: TerminalError, logger: Logger): void {
    queue.forget(key);
    metrics.reconcileTotal.inc({ ...labels, result: 'error' });
    metrics.reconcileErrors.inc(labels);
    metrics.terminalErrors.inc(labels);
    if (givenUp.get(key) === error.message) return;
    givenUp.set(key, error.message);
    logger.error({ err: error }, 'reconcile failed for good; waiting for a change');
  }

  return {
    start() {
      if (workersRun) return;
      const { reconcileErrors, reconcilePanics, reconcileTimeouts, terminalErrors } = metrics;
      for (const counter of [reconcileErrors, reconcilePanics, reconcileTimeouts, terminalErrors])
        counter.inc(labels, 0);
      for (const result of ['success', 'requeue_after', 'requeue', 'error']) {
        metrics.reconcileTotal.inc({ ...labels, result }, 0);
      }
      metrics.maxConcurrentReconciles.set(labels, workers);
      const taking = new AbortController();
      const loops = Array.from({ length: workers }, () => work(taking.signal));
      workersRun = { taking, ended: Promise.all(loops) };
    },
    async stop(graceMs = 10_000) {
      if (!workersRun) return true;
      const { taking, ended } = workersRun;
      workersRun = undefined;
      taking.abort();
      let inTime = true;
      const grace = clock.setTimeout(() => {
        inTime = false;
        options.logger.warn({ controller: name, graceMs }, 'reconciles outlast the drain; aborting them');
        for (const pass of passes) pass.abort(new Error('the controller is stopping'));
      }, graceMs);
      await ended;
      grace.cancel();
      return inTime;
    },
  };
}

/** A mistake in the code rather than a state of the world. */
function isPanic(error: unknown): boolean {
  return (
    !(error instanceof Error) ||
    [TypeError, ReferenceError, RangeError, SyntaxError].some((kind) => error instanceof kind)
  );
}

function split(key: string): { namespace?: string; name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
