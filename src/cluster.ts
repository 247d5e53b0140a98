import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { decodeWorkspace, decodeWorkspaceClass } from './api/decode.ts';
import type { Workspace } from './api/workspace.ts';
import type { WorkspaceClass } from './api/workspaceClass.ts';
import { readClusterID, WrongClusterError } from './clusterIdentity.ts';
import type { Config } from './config.ts';
import { createBackoff } from './controller/backoff.ts';
import type { KubeClient, KubeObject, Resource } from './controller/client.ts';
import { type Clock, sleep } from './controller/clock.ts';
import { kubeClient } from './controller/kubeClient.ts';
import type { RuntimeMetrics } from './controller/metrics.ts';
import type { Random } from './controller/random.ts';
import { type Reflector, type ReflectorOptions, startReflector } from './controller/reflector.ts';
import { createStore, type Store } from './controller/store.ts';
import type { Transport } from './controller/transport.ts';
import type { Ec2CallsOptions } from './ec2/client.ts';
import type { Ec2Calls } from './ec2/port.ts';
import {
  KEY_KINDS,
  type KeyKind,
  LAUNCH_KEY_KINDS,
  loadKeyEntries,
  NotMadeYetError,
} from './gateway/keys.ts';
import { createLiveKeyRing, type LiveKeyRing } from './gateway/liveKeys.ts';
import { CLASSES } from './reconcilers/class/deps.ts';
import { WORKSPACES } from './reconcilers/workspace/deps.ts';
import { WORKSPACE_INDEXES } from './reconcilers/workspace/triggers.ts';

const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', namespaced: true };
const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', namespaced: false };
export const KEY_SECRET = 'workspace-operator-keys';
const LAUNCH_KEY_SECRET = 'workspace-operator-launch-keys';

/** What every part stands on: the outside world behind its ports. */
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
}

/** Keys, and where they are kept; the store holds that one Secret. */
export interface KeptKeys {
  keys: LiveKeyRing;
  keySecret: { namespace: string; name: string };
  keySecrets: Store<KubeObject>;
  kinds: readonly KeyKind[];
}

/** Half of the caches are the gateway's as well. */
type Part = 'kinds' | 'all';

/** The cluster as controller and gateway share it. */
export interface Cluster extends KeptKeys {
  kube: KubeClient;
  clusterID: string;
  /** Those of the MACs of launches; a gateway has none. */
  launch: KeptKeys | undefined;
  workspaces: Store<Workspace>;
  classes: Store<WorkspaceClass>;
  secrets: Store<KubeObject>;
  namespaces: Store<KubeObject>;
  /** Starts watching what is not watched yet. */
  watch(what: Part): void;
  hasSynced(): boolean;
  waitForSync(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
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
  const backoff = createBackoff({ random, minMs: 1_000, maxMs: 30_000 });
  // The gateway alone faces instances, so it has no right to make either.
  const atFirstStart = part === 'all' ? 'make' : 'wait';
  while (!signal.aborted) {
    try {
      const clusterID = await readClusterID(kube, namespace, atFirstStart);
      const shared = await load({ namespace, name: KEY_SECRET }, KEY_KINDS);
      const launch =
        part === 'all' ? await load({ namespace, name: LAUNCH_KEY_SECRET }, LAUNCH_KEY_KINDS) : undefined;
      return watchCluster(platform, { kube, clusterID, ...shared, launch });
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

function watchCluster(
  platform: Platform,
  base: Pick<Cluster, 'kube' | 'clusterID' | 'launch' | keyof KeptKeys>,
): Cluster {
  const { transport, clock, random, logger, runtimeMetrics: metrics } = platform;
  const workspaces = createStore<Workspace>({ indexes: WORKSPACE_INDEXES });
  const classes = createStore<WorkspaceClass>();
  const secrets = createStore<KubeObject>();
  const namespaces = createStore<KubeObject>();
  const reflectors: Reflector[] = [];
  function reflect<T extends KubeObject>(
    options: Pick<
      ReflectorOptions<T>,
      'resource' | 'store' | 'decode' | 'metadataOnly' | 'namespace' | 'fieldSelector'
    >,
  ): void {
    // Each would find out by itself only while its own versions still lie below what it saw.
    const onSetBack = () => {
      for (const other of reflectors) if (other !== mine) other.relist();
    };
    const mine = startReflector<T>({ transport, clock, random, logger, metrics, onSetBack, ...options });
    reflectors.push(mine);
  }
  return {
    ...base,
    workspaces,
    classes,
    secrets,
    namespaces,
    watch(what) {
      reflect({ resource: WORKSPACES, store: workspaces, decode: decodeWorkspace });
      reflect({ resource: CLASSES, store: classes, decode: decodeWorkspaceClass });
      for (const { keySecret, keySecrets: store } of base.launch ? [base, base.launch] : [base]) {
        const { namespace, name } = keySecret;
        reflect({ resource: SECRETS, store, namespace, fieldSelector: `metadata.name=${name}` });
      }
      if (what === 'kinds') return;
      reflect({ resource: SECRETS, store: secrets, metadataOnly: true });
      reflect({ resource: NAMESPACES, store: namespaces, metadataOnly: true });
    },
    hasSynced: () => reflectors.every((reflector) => reflector.hasSynced()),
    async waitForSync(signal) {
      await Promise.all(reflectors.map((reflector) => reflector.waitForSync(signal)));
    },
    async stop() {
      await Promise.all(reflectors.map((reflector) => reflector.stop()));
    },
  };
}
