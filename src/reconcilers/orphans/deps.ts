import type { Logger } from 'pino';
import type { Workspace } from '../../api/kinds/workspace.ts';
import type { Store } from '../../controller/cache/store.ts';
import type { KubeClient } from '../../controller/client/client.ts';
import type { Scope } from '../../controller/client/scope.ts';
import type { Leadership } from '../../controller/lease/leadership.ts';
import type { LeaseTarget } from '../../controller/lease/lease.ts';
import type { Clock } from '../../controller/lib/clock.ts';
import type { Ec2Calls } from '../../ec2/calls/port.ts';
import type { Observer } from '../../ec2/observe/observer.ts';
import type { EvidenceView } from '../../gateway/store/evidence.ts';
import type { Events } from '../events.ts';
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
  lease: Leadership;
  /** The operator's own Lease: events about instances without a Workspace refer to it. */
  leaseTarget: LeaseTarget;
  events: Events;
  clock: Clock;
  logger: Logger;
  metrics: OrphanMetrics;
  settings: OrphanSettings;
  /** The known earlier selves of the Workspace with this key have changed. */
  onChange(key: string): void;
}
