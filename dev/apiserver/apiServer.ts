import type { Clock } from '../../src/controller/lib/clock.ts';
import type { Random } from '../../src/controller/lib/random.ts';
import { type Access, authenticate } from './access/reviews.ts';
import { createTokens } from './access/tokens.ts';
import { createInitialNamespaces } from './bootstrap.ts';
import type { Core } from './cluster/core.ts';
import { createRegistry } from './cluster/registry.ts';
import { type Counters, createCounters } from './faults/counters.ts';
import { createFaults, type Faults } from './faults/faults.ts';
import type { User } from './request/user.ts';
import { createStore, type Store } from './storage/store.ts';
import { createHandler, type Handler } from './transport/handler.ts';

export interface ApiServerOptions {
  clock: Clock;
  random: Random;
  /** Default 60 000. */
  bookmarkIntervalMs?: number;
  /** Changes of each kind that watches and lists can go back by; default 20 000. */
  historyLimit?: number;
  /** The administrator's token; without it no one can log in as administrator. */
  administratorToken?: string;
  /** A watch that names no timeout lasts this to twice this; default 30 min. */
  minWatchTimeoutMs?: number;
  /** Receives errors in the server itself. */
  report?: (error: unknown, what: string) => void;
}

/** The API server without a socket: what the simulator talks to. */
export interface ApiServer {
  handler: Handler;
  faults: Faults;
  counters: Counters;
  state: Store;
  /** The token's user; undefined for an unknown token. */
  userOf(token: string): User | undefined;
}

/** @param state an earlier server's, whose objects this one goes on with; new when absent */
export function createApiServer(options: ApiServerOptions, state?: Store): ApiServer {
  const { clock, random } = options;
  const store = state ?? createStore(options.historyLimit);
  const core: Core = { store, registry: createRegistry(store), clock, random };
  createInitialNamespaces(core);
  const faults = createFaults(store, clock, random);
  const counters = createCounters();
  const { administratorToken } = options;
  const access: Access = {
    core,
    tokens: createTokens(core),
    ...(administratorToken === undefined ? {} : { administratorToken }),
  };
  const handler = createHandler({
    core,
    access,
    faults,
    counters,
    watch: {
      bookmarkIntervalMs: options.bookmarkIntervalMs ?? 60_000,
      minTimeoutMs: options.minWatchTimeoutMs ?? 30 * 60_000,
    },
    report: (error, { method, path }) => options.report?.(error, `${method} ${path}`),
  });
  return {
    handler,
    faults,
    counters,
    state: store,
    userOf: (token) => authenticate(access, token)?.user,
  };
}
