import { Server as TLSServer } from 'node:https';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { SecretData } from '../api/environment/environment.ts';
import { MOST_ENVIRONMENT_BYTES } from '../api/environment/gather.ts';
import type { Clock } from '../controller/lib/clock.ts';
import type { Random } from '../controller/lib/random.ts';
import type { Callers } from './access/callers.ts';
import {
  createIdentityVerifier,
  type IdentityScope,
  type IdentityVerifier,
} from './access/identityDocument.ts';
import type { KeyRing } from './access/keys.ts';
import { createGatewayMetrics } from './base/metrics.ts';
import { createBoard } from './fleet/board.ts';
import { createWatches, type WatchLimits } from './fleet/watches.ts';
import { createDistrustNotes } from './handlers/distrust.ts';
import { createHeartbeatQueue } from './heartbeats/heartbeatQueue.ts';
import { keepRecorded } from './heartbeats/liveness.ts';
import type { ConnectionLimits, ConnectionTimes } from './http/connections.ts';
import { createHttpServer, type HttpOptions, LISTEN_BACKLOG } from './http/http.ts';
import type { GatewayParts } from './http/parts.ts';
import { listRoute } from './polls/list.ts';
import { openAPIRoute } from './polls/openAPI.ts';
import { watchRoute } from './polls/watch.ts';
import { workspaceRoute } from './polls/workspace.ts';
import { type AgentShelf, agentRoutes } from './routes/agent.ts';
import { bootstrapRoute } from './routes/bootstrap.ts';
import { directHeartbeats } from './routes/directHeartbeat.ts';
import { heartbeatRoute } from './routes/heartbeat.ts';
import { reportsRoute } from './routes/reports.ts';
import { trustRoutes } from './routes/trust.ts';
import { caBundleOf } from './served/caBundle.ts';
import { createEnvironmentsInFlight } from './served/environmentsInFlight.ts';
import type { ClassReader, WorkspaceFeed } from './served/lookup.ts';
import type { HeartbeatStore } from './store/heartbeatStore.ts';

export interface GatewayOptions {
  clusterID: string;
  keys: KeyRing;
  workspaces: WorkspaceFeed;
  classes: ClassReader;
  readSecret(namespace: string, name: string): Promise<SecretData | undefined>;
  store: HeartbeatStore;
  /** Environments, in bytes: the largest one, and all that are read or being sent at once. */
  environments?: { largestBytes: number; mostBytes: number };
  /** PEM; what EC2's instance identity documents are checked with. */
  trustedCertificates: readonly string[];
  /** PEM; the bundle with which instances check the gateway's certificate. */
  caBundle?: string | undefined;
  /** Account and region that such a document must name. */
  identityScope?: IdentityScope;
  agent: AgentShelf;
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics: Registry;
  host: string;
  /** 0 for any free one. */
  port: number;
  tls?: { cert: string | Buffer; key: string | Buffer };
  /** The callers that may report a Workspace or ask for its state. */
  callers: Callers;
  /** Largest body, in bytes. */
  bodyLimit?: number;
  /** Requests a minute. */
  limits?: HttpOptions['limits'];
  connections?: ConnectionLimits;
  /** Watches of callers at once. */
  watches?: WatchLimits;
  times?: ConnectionTimes;
  /** Retry-After of 503 answers and of restarting Workspaces; seconds. */
  retryAfterSeconds?: number;
  /** How long heartbeats are gathered into one statement; ms. */
  flushIntervalMs?: number;
  /** How often the gateway is recorded as up; ms. */
  beatIntervalMs?: number;
  /** After how long without a bootstrap or heartbeat a launch is forgotten; ms. */
  pruneAfterMs?: number;
}

/** Options that may change while a gateway runs. */
export type Reloadable = Pick<GatewayOptions, 'tls' | 'trustedCertificates' | 'caBundle'>;

export interface Gateway {
  /** Rejects when the address can't be bound. A database that is away is no reason not to start. */
  start(): Promise<{ url: string }>;
  /** Answers what is under way, stores what waits, and closes. */
  stop(): Promise<void>;
  /** New handshakes show this certificate, and documents are checked with these; connections stay. Throws on a broken pair. */
  reload(now: Reloadable): void;
  /** For tests: requests without a socket. */
  inject: FastifyInstance['inject'];
  /** For tests: all routes, as a tree. */
  printRoutes(): Promise<string>;
}

const DAY_MS = 86_400_000;

/** What instances, pollers and reporters talk to. */
export function createGateway(options: GatewayOptions): Gateway {
  const {
    store,
    clock,
    random,
    callers,
    environments = { largestBytes: MOST_ENVIRONMENT_BYTES, mostBytes: 64 * MOST_ENVIRONMENT_BYTES },
    retryAfterSeconds = 2,
    bodyLimit = 16_384,
    limits = { perLaunch: 300, perCaller: 3_000, perAddress: 3_000 },
    connections = { total: 20_000, perAddress: 5_000 },
    times = { headersMs: 10_000, requestMs: 20_000, answerMs: 60_000, idleMs: 65_000 },
  } = options;
  const logger = options.logger.child({ component: 'gateway' });
  const queue = createHeartbeatQueue({ store, clock, flushIntervalMs: options.flushIntervalMs ?? 200 });
  let documents = createIdentityVerifier(options.trustedCertificates);
  const verifyIdentity: IdentityVerifier = (signed) => documents(signed);
  let bundle = caBundleOf(options.caBundle);
  const parts: GatewayParts = Object.freeze({
    clusterID: options.clusterID,
    keys: options.keys,
    workspaces: options.workspaces,
    classes: options.classes,
    readSecret: options.readSecret,
    mostEnvironmentBytes: environments.largestBytes,
    environments: createEnvironmentsInFlight({ ...environments, clock }),
    store,
    queue,
    verifyIdentity,
    caBundle: () => bundle,
    ...(options.identityScope && { identityScope: options.identityScope }),
    logger,
    metrics: createGatewayMetrics(options.metrics),
  });
  const board = createBoard({ ...options, logger });
  const watches = createWatches({
    board,
    clock,
    random,
    limits: options.watches ?? { total: 256, perGroup: 16 },
    metrics: parts.metrics,
  });
  const server = createHttpServer(parts, {
    ...options,
    bodyLimit,
    limits,
    connections,
    times,
    retryAfterSeconds,
    knownCaller: callers.known,
    direct: directHeartbeats(parts),
    distrusts: createDistrustNotes(parts, clock),
  });
  // A plugin of its own, so that the rate limit is in place before the first route.
  server.register(async (routes) => {
    bootstrapRoute(routes, parts);
    heartbeatRoute(routes, parts);
    reportsRoute(routes, parts, callers);
    workspaceRoute(routes, parts, { callers, retryAfterSeconds });
    listRoute(routes, { board, callers, keys: parts.keys, clock, questionsPerMinute: limits.perCaller });
    watchRoute(routes, { watches, callers, clock });
    openAPIRoute(routes);
    agentRoutes(routes, options.agent);
    trustRoutes(routes, parts);
  });

  let liveness: { stop(): Promise<void> } | undefined;
  return {
    async start() {
      // fastify does not know that our own server factory speaks TLS.
      const address = await server.listen({
        host: options.host,
        port: options.port,
        backlog: LISTEN_BACKLOG,
      });
      const url = options.tls ? address.replace(/^http:/, 'https:') : address;
      liveness = keepRecorded({
        store,
        clock,
        logger,
        beatIntervalMs: options.beatIntervalMs ?? 1_000,
        pruneAfterMs: options.pruneAfterMs ?? 30 * DAY_MS,
        records: queue.records,
      });
      logger.info({ url }, 'gateway listens');
      return { url };
    },
    async stop() {
      await liveness?.stop();
      watches.stop();
      const closed = server.close();
      await queue.stop();
      await closed;
      await board.stop();
    },
    reload({ tls, trustedCertificates, caBundle }) {
      // Whether there is TLS at all is decided at the start.
      if (tls && server.server instanceof TLSServer) server.server.setSecureContext(tls);
      documents = createIdentityVerifier(trustedCertificates);
      bundle = caBundleOf(caBundle);
    },
    async printRoutes() {
      await server.ready();
      return server.printRoutes({ commonPrefix: false });
    },
    inject: server.inject.bind(server),
  };
}
