import type { Logger } from 'pino';
import type { SecretData } from '../../api/environment/environment.ts';
import type { IdentityScope, IdentityVerifier } from '../access/identityDocument.ts';
import type { KeyRing } from '../access/keys.ts';
import type { GatewayMetrics } from '../base/metrics.ts';
import type { HeartbeatQueue } from '../heartbeats/heartbeatQueue.ts';
import type { CaBundle } from '../served/caBundle.ts';
import type { EnvironmentsInFlight } from '../served/environmentsInFlight.ts';
import type { ClassReader, WorkspaceReader } from '../served/lookup.ts';
import type { HeartbeatStore } from '../store/heartbeatStore.ts';

/** Dependencies of the handlers, which are independent of HTTP so that the simulator can call them. */
export interface GatewayParts {
  clusterID: string;
  keys: KeyRing;
  workspaces: WorkspaceReader;
  classes: ClassReader;
  /** Reads a Secret from the API server itself; undefined when there is none. Rejects when it can't be asked. */
  readSecret(namespace: string, name: string): Promise<SecretData | undefined>;
  /** Largest merged environment, in bytes; the default without it. */
  mostEnvironmentBytes?: number;
  /** Bounds the memory of environments at once; not bounded without it. */
  environments?: EnvironmentsInFlight;
  store: HeartbeatStore;
  queue: HeartbeatQueue;
  verifyIdentity: IdentityVerifier;
  /** The CA bundle with which instances check the gateway; undefined where they use their images' own. */
  caBundle(): CaBundle | undefined;
  /** Account and region of instances that may introduce themselves; an undefined one is not checked. */
  identityScope?: IdentityScope;
  logger: Logger;
  metrics: GatewayMetrics;
}
