import type { Logger } from 'pino';
import { OPERATOR_EVENTS, type OperatorEventReason } from '../../api/reasons/eventReasons.ts';
import type { KubeClient } from '../../controller/client/client.ts';
import type { EventRecorder } from '../../controller/events/events.ts';
import { LEASES } from '../../controller/lease/lease.ts';

interface Deps {
  kube: Pick<KubeClient, 'get'>;
  leaseTarget: { namespace: string; name: string };
  events: Pick<EventRecorder, 'record'>;
  logger: Logger;
}

/** Events about the operator's own Lease: no object of a tenant fits them. */
export function createLeaseEvents({ kube, leaseTarget, events, logger }: Deps) {
  return (reason: OperatorEventReason, note: string): void => {
    kube.get(LEASES, leaseTarget.name, leaseTarget.namespace).then(
      ({ metadata: { uid } }) => {
        const regarding = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', ...leaseTarget, uid };
        const { type } = OPERATOR_EVENTS[reason];
        events.record({ regarding, type, reason, action: 'WatchEC2', note });
      },
      (error: unknown) =>
        logger.warn({ err: error, reason }, 'no event: the operator’s Lease can not be read'),
    );
  };
}
