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

/** What the handlers work with. They know nothing of HTTP, so that the simulator calls them as they are. */
export interface GatewayParts {
  clusterID: string;
  keys: KeyRing;
  workspaces: WorkspaceReader;
  classes: ClassReader;
  /** Reads a Secret from the API server itself; undefined when there is none. Rejects when it can't be asked. */
  readSecret(namespace: string, name: string): Promise<SecretData | undefined>;
  /** Largest merged environment, in bytes; the default without it. */
  mostEnvironmentBytes?: number;
  /** What environments take at once; not bounded without it. */
  environments?: EnvironmentsInFlight;
  store: HeartbeatStore;
  queue: HeartbeatQueue;
  verifyIdentity: IdentityVerifier;
  /** What instances check the gateway with; undefined where they trust what their images do. */
  caBundle(): CaBundle | undefined;
  /** Whose and which region's instances may introduce themselves; what is undefined is not checked. */
  identityScope?: IdentityScope;
  logger: Logger;
  metrics: GatewayMetrics;
}
