import { Registry } from 'prom-client';
import type { Service } from '../../dev/ec2/exchange/exchange.ts';
import { typedCalls } from '../../dev/ec2/exchange/typedCalls.ts';
import { joinCluster, type Platform } from '../../src/cluster/cluster.ts';
import type { Config } from '../../src/config/config.ts';
import type { Transport } from '../../src/controller/client/transport.ts';
import { createRuntimeMetrics } from '../../src/controller/serve/metrics.ts';
import { createCaller } from '../../src/ec2/calls/call.ts';
import { runInstancesInput } from '../../src/ec2/launch/runInput.ts';
import {
  createSession,
  createTicket,
  verifySession,
  verifyTicket,
} from '../../src/gateway/access/credentials.ts';
import { createPostgresStore } from '../../src/gateway/store/postgresStore.ts';
import { startControllerPart } from '../../src/operator/controllerPart.ts';
import type { Mortal } from '../simulator/scene/mortal.ts';
import { CONFIG } from '../simulator/scene/scene.ts';
import type { World } from './play/world.ts';

/** The operator of one release, as far as a world runs it. */
export interface Code {
  config: Config;
  joinCluster: typeof joinCluster;
  startControllerPart: typeof startControllerPart;
  createRuntimeMetrics: typeof createRuntimeMetrics;
  createCaller: typeof createCaller;
  runInstancesInput: typeof runInstancesInput;
  createPostgresStore: typeof createPostgresStore;
  createSession: typeof createSession;
  createTicket: typeof createTicket;
  verifySession: typeof verifySession;
  verifyTicket: typeof verifyTicket;
}

/** This release's. */
export const PRESENT: Code = {
  config: CONFIG,
  joinCluster,
  startControllerPart,
  createRuntimeMetrics,
  createCaller,
  runInstancesInput,
  createPostgresStore,
  createSession,
  createTicket,
  verifySession,
  verifyTicket,
};

/** One process of the operator. */
export interface Operator {
  /** As SIGKILL does. */
  kill(): void;
  /** Its writes that the API server refused, but for conflicts and what is gone. */
  refused: readonly string[];
}

/** What a process of this release stands on. */
export function platformOf(
  code: Code,
  mortal: Mortal,
  given: Platform,
  service: Service,
  toRunInput: Parameters<typeof typedCalls>[2],
): Platform {
  const registry = new Registry();
  return {
    ...given,
    config: code.config,
    registry,
    runtimeMetrics: code.createRuntimeMetrics(registry),
    createCalls(options) {
      const caller = code.createCaller({ timeoutMs: code.config.aws.timeoutMs, ...options });
      const calls = typedCalls(service, caller, toRunInput);
      return { ...mortal.ec2(calls), close: () => undefined };
    },
  };
}

let started = 0;

export function begin(world: World, code: Code, caBundle: string | undefined): Operator {
  started += 1;
  const { scene } = world;
  const name = `operator-${started}`;
  const refused: string[] = [];
  const { mortal, platform: given } = scene.process(name, () => undefined);
  const noted = { ...given, transport: noting(given.transport, refused) };
  const platform = platformOf(code, mortal, noted, scene.service, world.toRunInput(code.runInstancesInput));
  run(code, platform, world, caBundle).catch((error: unknown) => {
    if (!mortal.isDead()) refused.push(`${name} failed to start: ${String(error)}`);
  });
  return { kill: mortal.die, refused };
}

async function run(code: Code, platform: Platform, { scene }: World, caBundle: string | undefined) {
  const never = new AbortController().signal;
  const cluster = await code.joinCluster(platform, never);
  if (!cluster) return;
  cluster.watch('all');
  await cluster.waitForSync(never);
  const files = { tls: undefined, caBundle, identityCertificates: [] };
  code.startControllerPart(platform, files, cluster, scene.store);
}

const BORNE = new Set([404, 409]);

function noting(inner: Transport, refused: string[]): Transport {
  return {
    stream: inner.stream,
    async request(request) {
      const response = await inner.request(request);
      if (request.method !== 'GET' && response.status >= 400 && !BORNE.has(response.status))
        refused.push(
          `${request.method} ${request.path}: ${response.status} ${JSON.stringify(response.body)}`,
        );
      return response;
    },
  };
}
