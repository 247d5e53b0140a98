import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Config } from '../config/config.ts';
import { createStore, type ReflectedStore } from '../controller/cache/store.ts';
import type { KubeClient, KubeObject } from '../controller/client/client.ts';
import { kubeClient } from '../controller/client/kubeClient.ts';
import { parseScope } from '../controller/client/scope.ts';
import type { Transport } from '../controller/client/transport.ts';
import { createBackoff } from '../controller/lib/backoff.ts';
import { type Clock, sleep } from '../controller/lib/clock.ts';
import type { Random } from '../controller/lib/random.ts';
import type { RuntimeMetrics } from '../controller/serve/metrics.ts';
import type { Ec2Calls } from '../ec2/calls/port.ts';
import type { Ec2CallsOptions } from '../ec2/client.ts';
import type { EventQueue } from '../ec2/events/queue.ts';
import type { SqsOptions } from '../ec2/events/sqs.ts';
import {
  KEY_KINDS,
  type KeyKind,
  LAUNCH_KEY_KINDS,
  loadKeyEntries,
  NotMadeYetError,
} from '../gateway/access/keys.ts';
import { createLiveKeyRing, type LiveKeyRing } from '../gateway/access/liveKeys.ts';
import { readClusterID, WrongClusterError } from './clusterIdentity.ts';
import { type ClusterWatch, createClusterWatch, type Part } from './clusterWatch.ts';
import { createNamespaceMetrics } from './namespaceMetrics.ts';

export const KEY_SECRET = 'workspace-operator-keys';
const LAUNCH_KEY_SECRET = 'workspace-operator-launch-keys';

/** The base of every part: the outside world behind its ports. */
export interface Platform {
  config: Config;
  transport: Transport;
  clock: Clock;
  random: Random;
  logger: Logger;
  registry: Registry;
  runtimeMetrics: RuntimeMetrics;
  /** Makes the way to EC2: over the SDK, unless a simulator cuts here. */
  createCalls(options: Ec2CallsOptions): Ec2Calls & { close(): void };
  /** Opens the queue of EC2's events, likewise. */
  openQueue(options: SqsOptions): Promise<EventQueue>;
}

/** Keys, and where they are kept; the store holds that one Secret. */
export interface KeptKeys {
  keys: LiveKeyRing;
  keySecret: { namespace: string; name: string };
  keySecrets: ReflectedStore<KubeObject>;
  kinds: readonly KeyKind[];
}

/** The cluster as controller and gateway share it. */
export interface Cluster extends KeptKeys, ClusterWatch {
  kube: KubeClient;
  clusterID: string;
  /** Those of the MACs of launches; a gateway has none. */
  launch: KeptKeys | undefined;
}

/** How often a gateway looks for what the controller makes at its first start. */
const FIRST_START_LOOK_MS = 1_000;

/** Waits for the API server as long as it takes, saying why; a cluster that is another one than last time is an error. */
export async function joinCluster(
  platform: Platform,
  signal: AbortSignal,
  part: Part = 'all',
): Promise<Cluster | undefined> {
  const { config, transport, clock, random, logger } = platform;
  const kube = kubeClient(transport, { clock, timeoutMs: config.kubernetes.timeoutMs });
  const { namespace } = config.kubernetes;
  const scope = parseScope(config.kubernetes.watchNamespaces);
  const backoff = createBackoff({ random, minMs: 1_000, maxMs: 30_000 });
  // The gateway alone faces instances, so it has no right to make either.
  const atFirstStart = part === 'all' ? 'make' : 'wait';
  while (!signal.aborted) {
    try {
      const clusterID = await readClusterID(kube, namespace, atFirstStart);
      const shared = await load({ namespace, name: KEY_SECRET }, KEY_KINDS);
      const launch =
        part === 'all' ? await load({ namespace, name: LAUNCH_KEY_SECRET }, LAUNCH_KEY_KINDS) : undefined;
      const keySecrets = [shared, ...(launch ? [launch] : [])].map((kept) => ({
        ...kept.keySecret,
        store: kept.keySecrets,
      }));
      const watch = createClusterWatch({ ...platform, metrics: platform.runtimeMetrics, scope, keySecrets });
      createNamespaceMetrics(platform.registry).watch(() => watch.unwatched().length);
      return { kube, clusterID, ...shared, launch, ...watch };
    } catch (error) {
      if (error instanceof WrongClusterError) throw error;
      if (error instanceof NotMadeYetError) {
        logger.info(
          { namespace, missing: error.message },
          'waiting for the controller, which makes it when it first starts',
        );
        await sleep(clock, FIRST_START_LOOK_MS, signal);
        continue;
      }
      logger.error(
        { err: error, namespace },
        'can not start yet: the API server, or the namespace, is not there; trying again',
      );
      await sleep(clock, backoff.next(), signal);
    }
  }
  return undefined;

  async function load(keySecret: KeptKeys['keySecret'], kinds: readonly KeyKind[]): Promise<KeptKeys> {
    const entries = await loadKeyEntries(kube, keySecret, random, kinds, atFirstStart);
    const keys = createLiveKeyRing({ kube, secret: keySecret, entries, logger, kinds });
    const keySecrets = createStore<KubeObject>();
    keySecrets.onChange(({ type, object }) => {
      if (type !== 'deleted') keys.take(object);
    });
    return { keys, keySecret, keySecrets, kinds };
  }
}
