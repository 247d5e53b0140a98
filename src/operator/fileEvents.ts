import type { Logger } from 'pino';
import { OPERATOR_EVENTS } from '../api/reasons/eventReasons.ts';
import type { FileNews } from '../config/liveFiles.ts';
import type { KubeClient } from '../controller/client/client.ts';
import type { EventRecorder } from '../controller/events/events.ts';
import { LEASES } from '../controller/lease/lease.ts';

interface Deps {
  kube: Pick<KubeClient, 'get'>;
  /** The operator's own. */
  namespace: string;
  events: EventRecorder;
  logger: Logger;
}

/** Events about files go on the operator's Lease: no object of a tenant fits them. */
export function createFileEvents({ kube, namespace, events, logger }: Deps) {
  const name = 'workspace-operator';
  function record(reason: 'FileLoaded' | 'FileRefused' | 'LaunchesDistrust', note: string): void {
    kube.get(LEASES, name, namespace).then(
      ({ metadata: { uid } }) => {
        const regarding = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name, namespace, uid };
        events.record({ regarding, type: OPERATOR_EVENTS[reason].type, reason, action: 'ReadFiles', note });
      },
      (error: unknown) =>
        logger.warn({ err: error, reason }, 'no event: the operator’s Lease can not be read'),
    );
  }
  return {
    file({ setting, fault }: FileNews): void {
      if (fault === undefined) record('FileLoaded', `The file of ${setting} changed and is used.`);
      else record('FileRefused', `${fault}. The file before it stays in use.`);
    },
    distrusted: (note: string) => record('LaunchesDistrust', note),
  };
}
