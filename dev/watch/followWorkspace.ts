import { pino } from 'pino';
import { decodeWorkspace } from '../../src/api/kinds/decode.ts';
import type { Workspace } from '../../src/api/kinds/workspace.ts';
import { startReflector } from '../../src/controller/cache/reflector.ts';
import { createStore } from '../../src/controller/cache/store.ts';
import type { Transport } from '../../src/controller/client/transport.ts';
import type { Clock } from '../../src/controller/lib/clock.ts';
import type { Random } from '../../src/controller/lib/random.ts';
import { createRuntimeMetrics } from '../../src/controller/serve/metrics.ts';
import { WORKSPACES } from '../../src/reconcilers/workspace/context/deps.ts';

/** What was waited for did not come in time; the message says what there is instead. */
export class WaitedInVain extends Error {
  override readonly name = 'WaitedInVain';
}

export interface FollowedWorkspace {
  /** Its newest version; undefined while there is none. */
  current(): Workspace | undefined;
  /** Called with each new version, and with undefined when it is gone. Returns how to stop that. */
  onChange(listener: (after: Workspace | undefined, before: Workspace | undefined) => void): () => void;
  /**
   * Resolves with the first version, present or to come, that fits. Rejects with the signal's reason, and after
   * `limitMs` with WaitedInVain.
   */
  until(
    what: string,
    fits: (workspace: Workspace | undefined) => boolean,
    limitMs: number,
  ): Promise<Workspace | undefined>;
  /** Why the API server was not heard since it last was. */
  lastError(): Error | undefined;
  stop(): Promise<void>;
}

/** Follows one Workspace by a watch that survives any break. */
export function followWorkspace(options: {
  transport: Transport;
  clock: Clock;
  random: Random;
  namespace: string;
  name: string;
  signal: AbortSignal;
}): FollowedWorkspace {
  const { transport, clock, random, namespace, name, signal } = options;
  const store = createStore<Workspace>();
  const reflector = startReflector<Workspace>({
    transport,
    resource: WORKSPACES,
    store,
    clock,
    random,
    namespace,
    fieldSelector: `metadata.name=${name}`,
    decode: decodeWorkspace,
    logger: pino({ level: 'silent' }),
    metrics: createRuntimeMetrics(),
  });
  const current = () => store.get(`${namespace}/${name}`);
  return {
    current,
    onChange: (listener) =>
      store.onChange((event) => listener(event.type === 'deleted' ? undefined : event.object, event.old)),
    until(what, fits, limitMs) {
      return new Promise((resolve, reject) => {
        const end = (settle: () => void) => {
          timer.cancel();
          signal.removeEventListener('abort', interrupted);
          unsubscribe();
          settle();
        };
        const look = () => {
          const workspace = current();
          if (fits(workspace)) end(() => resolve(workspace));
        };
        const interrupted = () => end(() => reject(signal.reason));
        const late = () => end(() => reject(inVain(what, limitMs, current(), reflector.lastError())));
        const timer = clock.setTimeout(late, limitMs);
        const unsubscribe = store.onChange(look);
        signal.addEventListener('abort', interrupted, { once: true });
        if (signal.aborted) interrupted();
        else look();
      });
    },
    lastError: reflector.lastError,
    stop: reflector.stop,
  };
}

function inVain(
  what: string,
  limitMs: number,
  workspace: Workspace | undefined,
  error?: Error,
): WaitedInVain {
  const waited = `waited ${Math.round(limitMs / 1000)} s in vain until ${what}`;
  if (error) return new WaitedInVain(`${waited}; the API server: ${error.message}`);
  if (!workspace) return new WaitedInVain(`${waited}; there is no such Workspace`);
  const messages = workspace.status?.conditions
    ?.filter(({ type }) => type === 'Ready' || type === 'UpToDate')
    .map(({ type, status, reason, message }) => `${type}=${status} (${reason}) ${message}`);
  return new WaitedInVain(
    `${waited}; it says: ${messages?.join(' ') ?? 'nothing, so no operator has seen it'}`,
  );
}
