import type { Logger } from 'pino';
import type { SecretData } from '../api/environment.ts';
import type { CaBundle } from './caBundle.ts';
import type { EnvironmentsInFlight } from './environmentsInFlight.ts';
import type { HeartbeatQueue } from './heartbeatQueue.ts';
import type { HeartbeatStore } from './heartbeatStore.ts';
import type { IdentityScope, IdentityVerifier } from './identityDocument.ts';
import type { KeyRing } from './keys.ts';
import type { ClassReader, WorkspaceReader } from './lookup.ts';
import type { GatewayMetrics } from './metrics.ts';

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
