import type { Cluster, Platform } from '../../cluster/cluster.ts';
import type { Leadership } from '../../controller/lease/leadership.ts';
import type { CloudView } from '../../ec2/calls/port.ts';
import type { Events } from '../../reconcilers/events.ts';
import { createInstanceFigures } from '../../reconcilers/figures/instances.ts';
import { createFigureMetrics } from '../../reconcilers/figures/metrics.ts';
import { rollOuts } from '../../reconcilers/figures/rollOuts.ts';
import { createStandings } from '../../reconcilers/figures/standings.ts';
import type { Fleet } from '../../reconcilers/fleet/fleet.ts';
import { keepLedger } from '../../reconcilers/workspace/ledger.ts';
import { createWorkspaceMetrics } from '../../reconcilers/workspace/metrics.ts';

export interface FiguresPart {
  /** EC2's view of a Workspace has changed. */
  saw(uid: string): void;
  /** This process leads from now on, and until `stop`. */
  start(): void;
  stop(): void;
}

/** Follows records and instances, and decides nothing: the ledger's lines, counters and events, and the fleet's metrics. */
export function createFiguresPart(
  { clock, logger, registry }: Platform,
  cluster: Cluster,
  given: {
    cloud: Pick<CloudView, 'ofWorkspace'>;
    fleet: Pick<Fleet, 'of'>;
    lease: Leadership;
    events: Events;
  },
): FiguresPart {
  const audit = keepLedger({ ...cluster, ...given, logger, metrics: createWorkspaceMetrics(registry) });
  const instances = createInstanceFigures({ ...cluster, cloud: given.cloud, clock });
  createFigureMetrics(registry).watch({
    leads: given.lease.held,
    standings: createStandings(cluster.workspaces),
    instances,
    classes: () => rollOuts(cluster.classes, given.fleet),
    clock,
  });
  return {
    saw(uid) {
      instances.saw(uid);
      audit(uid);
    },
    start: instances.start,
    stop: instances.stop,
  };
}
