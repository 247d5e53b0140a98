import type { Logger } from 'pino';
import type { Reflector } from '../controller/cache/reflectorOptions.ts';
import { isApiError } from '../controller/client/errors.ts';
import type { Clock, Timer } from '../controller/lib/clock.ts';

/** A namespace of the list that is not served, and why. */
export interface Unwatched {
  namespace: string;
  why: string;
}

export interface On {
  /** Each failure of the reflector. */
  onError(error: Error): void;
}

export interface NamespaceWatchOptions {
  namespace: string;
  /** Starts one reflector after the other, each once the one before it has synced. */
  steps: readonly ((on: On) => Reflector)[];
  /** Whether it is known that there is no such namespace. */
  isMissing(): boolean;
  clock: Clock;
  logger: Logger;
}

export interface NamespaceWatch {
  /** Resolves once all is there, or the API server has refused it for long enough, or `signal` aborts. */
  settled(signal: AbortSignal): Promise<void>;
  /** Undefined once all is there. */
  unwatched(): Unwatched | undefined;
  /** The resource that a start waits for; undefined once it is settled. */
  waitsFor(): string | undefined;
  /** The caller that starts its reflectors stops them. */
  stop(): void;
}

/** So long a start waits for a namespace that is refused: an API server that starts has not read all rights yet. */
const REFUSED_GRACE_MS = 5_000;

/**
 * Watches one namespace of the list. Its Workspaces come last: one whose Secrets are not listed yet would seem to have none.
 * A namespace that the API server refuses (no right, or no such namespace) is tried on and on, and holds up no other.
 */
export function createNamespaceWatch(options: NamespaceWatchOptions): NamespaceWatch {
  const { namespace, clock } = options;
  const logger = options.logger.child({ namespace });
  const waiting = new Set<() => void>();
  let refusal: string | undefined;
  let isGivenTime = false;
  let grace: Timer | undefined;
  let isThere = false;

  function settle(): void {
    for (const wake of [...waiting]) wake();
  }

  function onError(error: Error): void {
    if (isThere || !isApiError(error, 403, 404)) return;
    if (!refusal) {
      logger.warn(
        { err: error },
        'the API server refuses a namespace of --watch-namespaces; the others are served. Create it and bind the Role there, or take it from the list',
      );
      grace = clock.setTimeout(() => {
        isGivenTime = true;
        settle();
      }, REFUSED_GRACE_MS);
    }
    refusal = error.message;
  }

  async function run(): Promise<void> {
    for (const start of options.steps) if (!(await start({ onError }).waitForSync())) return;
    isThere = true;
    if (refusal) logger.info('the namespace is watched now');
    else if (options.isMissing()) logger.warn('a namespace of --watch-namespaces does not exist yet');
    settle();
  }
  void run();

  const isSettled = () => isThere || (refusal !== undefined && isGivenTime);
  return {
    settled(signal) {
      return new Promise((resolve) => {
        const wake = () => {
          if (!isSettled() && !signal.aborted) return;
          waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        waiting.add(wake);
        signal.addEventListener('abort', wake);
        wake();
      });
    },
    unwatched() {
      if (isThere) return options.isMissing() ? { namespace, why: 'it does not exist' } : undefined;
      return { namespace, why: refusal ?? 'it is not listed yet' };
    },
    stop: () => grace?.cancel(),
    waitsFor: () => (isSettled() ? undefined : `namespace ${namespace}`),
  };
}
