import { pino } from 'pino';
import { Registry } from 'prom-client';
import { type ApiServer, createApiServer } from '../../../dev/apiserver/apiServer.ts';
import { createStore, type Dump } from '../../../dev/apiserver/storage/store.ts';
import { inProcessTransport } from '../../../dev/apiserver/transport/inProcessTransport.ts';
import { createIdentityAuthority, type IdentityAuthority } from '../../../dev/ec2/cloud/identity.ts';
import { type Cloud, type CloudOptions, createCloud } from '../../../dev/ec2/cloud/state.ts';
import type { Service } from '../../../dev/ec2/exchange/exchange.ts';
import { createFaults } from '../../../dev/ec2/exchange/faults.ts';
import { typedCalls } from '../../../dev/ec2/exchange/typedCalls.ts';
import { typedQueue } from '../../../dev/ec2/exchange/typedQueue.ts';
import { attachRuntime } from '../../../dev/ec2/instances/machines.ts';
import type { GatewayClient } from '../../../dev/instances/gatewayClient.ts';
import {
  createLightRuntime,
  type LightRuntime,
  type LightRuntimeOptions,
} from '../../../dev/instances/lightRuntime.ts';
import { installCluster, OPERATOR_NAMESPACE, stageClient } from '../../../dev/stack/install.ts';
import { KEY_SECRET, type Platform } from '../../../src/cluster/cluster.ts';
import { readClusterID } from '../../../src/cluster/clusterIdentity.ts';
import { type Config, configSchema } from '../../../src/config/config.ts';
import type { KubeClient, Resource } from '../../../src/controller/client/client.ts';
import type { Transport } from '../../../src/controller/client/transport.ts';
import type { Random } from '../../../src/controller/lib/random.ts';
import { createRuntimeMetrics } from '../../../src/controller/serve/metrics.ts';
import { createCaller } from '../../../src/ec2/calls/call.ts';
import type { Ec2Calls } from '../../../src/ec2/calls/port.ts';
import { loadKeyEntries } from '../../../src/gateway/access/keys.ts';
import type { ReportRequest } from '../../../src/gateway/handlers/report.ts';
import { seededRandom } from '../../support/base/seededRandom.ts';
import { createVirtualClock, type VirtualClock } from '../../support/base/virtualClock.ts';
import { startGateway } from './gateway.ts';
import { createMemoryStore, type MemoryStore, type Rows } from './memoryStore.ts';
import { createMortal, type Mortal, type Strike } from './mortal.ts';

export const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', namespaced: true };
export const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', namespaced: false };
export const REGION = 'eu-sim-1';

/** The protocol's intervals, shortened alike, so that a seed is minutes and not hours. */
export const CONFIG = configSchema.parse({
  kubernetes: { namespace: OPERATOR_NAMESPACE },
  aws: { region: REGION, statusIntervalMs: 60_000, capacityRetryMs: 30_000 },
  database: {},
  gateway: { url: 'http://127.0.0.1:1', beatIntervalMs: 2_000 },
  controller: { evidencePollIntervalMs: 2_000, workers: 2 },
  orphans: {},
  timing: {
    lateMs: 40_000,
    visibilityMs: 60_000,
    repairBackoffMinMs: 5_000,
    repairBackoffMaxMs: 60_000,
    terminateRetryMs: 10_000,
    replayMaxAgeMs: 600_000,
  },
  observability: {},
});

/** The same with a queue of EC2's events. */
export const QUEUE_CONFIG = configSchema.parse({
  ...CONFIG,
  aws: { ...CONFIG.aws, eventsQueueUrl: `https://sqs.${REGION}.amazonaws.com/123456789012/workspace-events` },
});

/** The world around the operator: clock and chance, cluster, cloud, agents, gateway and database. */
export interface Scene {
  clock: VirtualClock;
  random: Random;
  api: ApiServer;
  kube: KubeClient;
  service: Service;
  agents: LightRuntime;
  store: MemoryStore;
  /** Log lines of everybody, as JSON. */
  logs: string[];
  gateway: Gateways;
  /** What happened so far, for the trace. */
  note(what: string): void;
  trace: readonly string[];
  /** A new process with its way out; `strike` is asked around each of its calls, `skewMs` is how far its wall clock is ahead. */
  process(name: string, strike: Strike, skewMs?: number): { mortal: Mortal; platform: Platform };
  /** Runs at the scene's end. */
  atEnd(fn: () => void): void;
  /** Ends every process: Node keeps a watch that is open, and with it all of the scene. */
  end(): void;
}

/** What stands between a process and the world, and sees what is asked and answered, though the process be dead by then. */
export interface Wire {
  transport(process: string, inner: Transport): Transport;
  calls(process: string, inner: Ec2Calls): Ec2Calls;
}

/** What there is before the scene begins. */
export interface Past {
  /** Wall time, ms. */
  now: number;
  objects: Dump;
  rows: Rows;
  /** Puts instances into the cloud. */
  instances(cloud: Cloud): void;
  /** The agents that go on as if nothing had ended. */
  resumed: NonNullable<LightRuntimeOptions['resumed']>;
}

export interface SceneOptions {
  /** Of every process. */
  config?: Config;
  cloud?: Partial<CloudOptions>;
  wire?: Wire;
  past?: Past;
  /** What a launch's request is to the cloud. */
  toRunInput?: Parameters<typeof typedCalls>[2];
  /** Timers and turns beyond which it ends; by default without limit. */
  mostEvents?: number;
}

/** The gateway that agents reach, if any is up. */
export interface Gateways {
  /** Starts a new process; resolves once it answers. */
  start(): Promise<void>;
  /** Ends it as SIGKILL does. */
  kill(): void;
  report(request: ReportRequest): Promise<void>;
}

const NO_WIRE: Wire = { transport: (_process, inner) => inner, calls: (_process, inner) => inner };

let authority: Promise<IdentityAuthority> | undefined;

export async function createScene(seed: number, options: SceneOptions = {}): Promise<Scene> {
  const { config = CONFIG, wire = NO_WIRE, past, toRunInput, mostEvents } = options;
  const clock = createVirtualClock({ ...(past && { now: past.now }), ...(mostEvents && { mostEvents }) });
  const random = seededRandom(seed);
  authority ??= createIdentityAuthority(clock);
  const identity = await authority;
  const state = createStore();
  if (past) state.load(past.objects);
  const api = createApiServer({ clock, random }, state);
  const timings = { visibilityLag: [0, 10_000] } as const;
  const cloud = createCloud({ clock, random, region: REGION, timings, ...options.cloud });
  // A profile for each class that tells its instances from others by it.
  cloud.account.instanceProfiles.push('standard', 'other');
  past?.instances(cloud);
  const service: Service = { cloud, faults: createFaults(cloud), closing: new AbortController().signal };
  const kube = stageClient(api, clock);
  await installCluster(kube);
  // As the controller does when it first starts; a gateway waits for it.
  await readClusterID(kube, OPERATOR_NAMESPACE);
  await loadKeyEntries(kube, { namespace: OPERATOR_NAMESPACE, name: KEY_SECRET }, random);
  const store = createMemoryStore(clock, past?.rows);
  const logs: string[] = [];
  const logger = pino(
    { level: 'info', timestamp: () => `,"time":${clock.now()}` },
    { write: (line: string) => void logs.push(line) },
  );
  const trace: string[] = [];
  const mortals: Mortal[] = [];
  const endings: (() => void)[] = [];

  function process(name: string, strike: Strike, skewMs = 0): { mortal: Mortal; platform: Platform } {
    const mortal = createMortal(clock, strike, skewMs);
    mortals.push(mortal);
    const transport = inProcessTransport(api.handler, { clock: mortal.clock, userAgent: name });
    const registry = new Registry();
    const platform: Platform = {
      config,
      transport: mortal.transport(wire.transport(name, transport)),
      clock: mortal.clock,
      random,
      logger: logger.child({ process: name }),
      registry,
      runtimeMetrics: createRuntimeMetrics(registry),
      createCalls(callsOptions) {
        const caller = createCaller({ timeoutMs: config.aws.timeoutMs, ...callsOptions });
        const calls = wire.calls(name, typedCalls(service, caller, toRunInput));
        return { ...mortal.ec2(calls), close: () => undefined };
      },
      openQueue: () => Promise.resolve(mortal.queue(typedQueue(service))),
    };
    return { mortal, platform };
  }

  const gateway = createGateways(
    (name) => process(name, () => undefined),
    (platform) => startGateway(platform, store, identity.certificatePEM, (fn) => void endings.push(fn)),
  );
  const agents = createLightRuntime({
    clock,
    random,
    logger,
    ...(past && { resumed: past.resumed }),
    gateway: { post: gateway.post, close: () => Promise.resolve() },
  });
  attachRuntime(cloud, identity, agents);
  const starting = gateway.start();
  await clock.settle();
  await starting;

  return {
    clock,
    random,
    api,
    kube,
    service,
    agents,
    store,
    logs,
    gateway,
    trace,
    note: (what) => void trace.push(`${(clock.monotonic() / 1000).toFixed(1)}s ${what}`),
    process,
    atEnd: (fn) => void endings.push(fn),
    end() {
      for (const mortal of mortals) mortal.die();
      for (const fn of endings) fn();
    },
  };
}

function createGateways(
  process: (name: string) => ReturnType<Scene['process']>,
  start: (platform: Platform) => ReturnType<typeof startGateway>,
): Gateways & Pick<GatewayClient, 'post'> {
  let count = 0;
  let up: ({ mortal: Mortal } & Awaited<ReturnType<typeof start>>) | undefined;
  const waiting = new Set<(error: Error) => void>();
  return {
    async start() {
      count += 1;
      const { mortal, platform } = process(`gateway-${count}`);
      up = { mortal, ...(await start(platform)) };
    },
    kill() {
      up?.mortal.die();
      up = undefined;
      for (const reject of waiting) reject(new Error('read ECONNRESET'));
    },
    async report(request) {
      if (!up) throw new Error('connect ECONNREFUSED');
      await up.report(request);
    },
    async post(...request) {
      if (!up) throw new Error('connect ECONNREFUSED');
      const { promise: reset, reject } = Promise.withResolvers<never>();
      waiting.add(reject);
      try {
        return await Promise.race([up.post(...request), reset]);
      } finally {
        waiting.delete(reject);
      }
    },
  };
}
