import type { Logger } from 'pino';
import type { KubeObject, Resource } from '../client/client.ts';
import type { Transform } from '../client/decodeObject.ts';
import type { Transport } from '../client/transport.ts';
import type { Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import type { RuntimeMetrics } from '../serve/metrics.ts';
import type { ReflectedStore } from './store.ts';

export interface ReflectorOptions<T extends KubeObject> {
  transport: Transport;
  resource: Resource;
  /** Filled by this reflector alone. */
  store: ReflectedStore<T>;
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics: RuntimeMetrics;
  /** Default: all. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Ask for metadata alone, and keep none of its annotations. */
  metadataOnly?: boolean;
  /** Default: drops managedFields, and with `metadataOnly` the annotations as well. */
  transform?: Transform;
  /** Types an object; a throw leaves this version of it out, reported, and the version held before stays. */
  decode?: (raw: unknown) => T;
  /** Default 500. */
  pageSize?: number;
  /** Silence after which a watch is taken for dead, ms; above the server's bookmark period (kube-apiserver: 60 s). Default 90,000. */
  idleTimeoutMs?: number;
  /** The server ends a watch after once to twice this, ms. Default 300,000. */
  watchTimeoutMs?: number;
  /** Lists below a version already seen are stale replicas, until they have said so for this long without an error, ms: then the server's state was set back, and is believed. Default 30,000. */
  rollbackAfterMs?: number;
  /** The server's state was set back, as is believed from now on; other stores of the same server may have to list. */
  onSetBack?: () => void;
  /** Each failure to list or watch. */
  onError?: (error: Error) => void;
}

export interface Reflector {
  /** Whether the store has held a complete list once. */
  hasSynced(): boolean;
  /** True once synced; false when `signal` aborted or the reflector stopped before. */
  waitForSync(signal?: AbortSignal): Promise<boolean>;
  /** The last error since the last success. */
  lastError(): Error | undefined;
  /** When the server was last heard, in monotonic ms. */
  lastContact(): number | undefined;
  /** Lists again after another reflector found that the server was set back: once the server has gone on, own versions don't show it. */
  relist(): void;
  stop(): Promise<void>;
}
