import type { Logger } from 'pino';
import type { Workspace } from '../../api/workspace.ts';
import type { KubeClient } from '../../controller/client.ts';
import type { Clock } from '../../controller/clock.ts';
import type { LeaseTarget } from '../../controller/lease.ts';
import type { Scope } from '../../controller/scope.ts';
import type { Store } from '../../controller/store.ts';
import type { Observer } from '../../ec2/observer.ts';
import type { Ec2Calls } from '../../ec2/port.ts';
import type { EvidenceView } from '../../gateway/evidence.ts';
import type { Events } from '../events.ts';
import type { Lease } from '../workspace/deps.ts';
import type { OrphanMetrics } from './metrics.ts';

export interface OrphanSettings {
  policy: 'Report' | 'Terminate';
  /** Least pause between two rounds, ms. */
  intervalMs: number;
  /** How long an instance must have been without an owner, and how old it must be, ms. */
  graceMs: number;
  /** Most instances ended in one round. */
  mostPerRound: number;
}

/** Everything that the look for orphans works with. */
export interface OrphanDeps {
  clusterID: string;
  kube: Pick<KubeClient, 'get' | 'list'>;
  /** An instance that is tagged with another namespace is not judged. */
  scope: Scope;
  /** A cache: it can only say that there is nothing to look for. */
  workspaces: Pick<Store<Workspace>, 'byIndex'>;
  cloud: Pick<Observer, 'all' | 'lastSweep'>;
  calls: Pick<Ec2Calls, 'terminateInstances'>;
  evidence: Pick<EvidenceView, 'availableSince' | 'ofWorkspace'>;
  lease: Lease;
  /** The operator's own: what events about instances without a Workspace are about. */
  leaseTarget: LeaseTarget;
  events: Events;
  clock: Clock;
  logger: Logger;
  metrics: OrphanMetrics;
  settings: OrphanSettings;
  /** What is known of earlier selves of the Workspace with this key changed. */
  onChange(key: string): void;
}
