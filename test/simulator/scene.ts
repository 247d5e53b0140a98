import { pino } from 'pino';
import { Registry } from 'prom-client';
import { type ApiServer, createApiServer } from '../../dev/apiserver/apiServer.ts';
import { inProcessTransport } from '../../dev/apiserver/inProcessTransport.ts';
import type { Service } from '../../dev/ec2/exchange.ts';
import { createFaults } from '../../dev/ec2/faults.ts';
import { createIdentityAuthority, type IdentityAuthority } from '../../dev/ec2/identity.ts';
import { attachRuntime } from '../../dev/ec2/machines.ts';
import { createCloud } from '../../dev/ec2/state.ts';
import { typedCalls } from '../../dev/ec2/typedCalls.ts';
import { createLightRuntime, type LightRuntime } from '../../dev/instances/lightRuntime.ts';
import { installCluster, OPERATOR_NAMESPACE, stageClient } from '../../dev/stack/install.ts';
import type { Platform } from '../../src/cluster.ts';
import { configSchema } from '../../src/config.ts';
import type { KubeClient, Resource } from '../../src/controller/client.ts';
import type { Clock } from '../../src/controller/clock.ts';
import { createRuntimeMetrics } from '../../src/controller/metrics.ts';
import type { Random } from '../../src/controller/random.ts';
import type { Transport } from '../../src/controller/transport.ts';
import { createCaller } from '../../src/ec2/call.ts';
import type { Ec2Calls } from '../../src/ec2/port.ts';
import { seededRandom } from '../support/seededRandom.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtualClock.ts';
import { startGateway } from './gateway.ts';
import { createMemoryStore, type MemoryStore } from './memoryStore.ts';
import { createMortal, type Mortal, type Strike } from './mortal.ts';

export const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', namespaced: true };
const REGION = 'eu-sim-1';

/** The protocol's intervals, shortened alike, so that a seed is minutes and not hours. */
export const CONFIG = configSchema.parse({
  kubernetes: { namespace: OPERATOR_NAMESPACE },
  aws: { region: REGION, statusIntervalMs: 60_000, capacityRetryMs: 30_000 },
  database: {},
  gateway: { url: 'http://127.0.0.1:1' },
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
  /** What happened so far, for the trace. */
  note(what: string): void;
  trace: readonly string[];
  /** A new process with its way out; `strike` is asked around each of its calls. */
  process(name: string, strike: Strike): { mortal: Mortal; platform: Platform };
}

let authority: Promise<IdentityAuthority> | undefined;

export async function createScene(seed: number): Promise<Scene> {
  const clock = createVirtualClock();
  const random = seededRandom(seed);
  authority ??= createIdentityAuthority(clock);
  const identity = await authority;
  const api = createApiServer({ clock, random });
  const cloud = createCloud({ clock, random, region: REGION, timings: { visibilityLag: [0, 10_000] } });
  const service: Service = { cloud, faults: createFaults(cloud), closing: new AbortController().signal };
  const kube = stageClient(api, clock);
  await installCluster(kube);
  const store = createMemoryStore(clock);
  const logs: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void logs.push(line) });
  const trace: string[] = [];

  const platformOf = (own: Clock, transport: Transport, createCalls: Platform['createCalls']): Platform => {
    const registry = new Registry();
    return {
      config: CONFIG,
      transport,
      clock: own,
      random,
      logger,
      registry,
      runtimeMetrics: createRuntimeMetrics(registry),
      createCalls,
    };
  };
  const transport = (own: Clock, name: string) =>
    inProcessTransport(api.handler, { clock: own, userAgent: name });
  const noCalls = (): never => {
    throw new Error('the gateway has no way to EC2');
  };
  let post: Awaited<ReturnType<typeof startGateway>>['post'] | undefined;
  const agents = createLightRuntime({
    clock,
    random,
    logger,
    gateway: {
      post: (...request) => post?.(...request) ?? Promise.reject(new Error('no gateway yet')),
      close: () => Promise.resolve(),
    },
  });
  attachRuntime(cloud, identity, agents);
  const starting = startGateway(
    platformOf(clock, transport(clock, 'gateway'), noCalls),
    store,
    identity.certificatePEM,
  );
  await clock.settle();
  post = (await starting).post;

  return {
    clock,
    random,
    api,
    kube,
    service,
    agents,
    store,
    logs,
    trace,
    note: (what) => void trace.push(`${(clock.monotonic() / 1000).toFixed(1)}s ${what}`),
    process(name, strike) {
      const mortal = createMortal(clock, strike);
      const calls: Platform['createCalls'] = (options) => {
        const made: Ec2Calls = typedCalls(service, createCaller({ timeoutMs: 15_000, ...options }));
        return { ...mortal.ec2(made), close: () => undefined };
      };
      const way = mortal.transport(transport(mortal.clock, name));
      return { mortal, platform: platformOf(mortal.clock, way, calls) };
    },
  };
}
