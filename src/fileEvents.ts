import type { Logger } from 'pino';
import { OPERATOR_EVENTS } from './api/eventReasons.ts';
import type { KubeClient } from './controller/client.ts';
import type { EventRecorder } from './controller/events.ts';
import { LEASES } from './controller/lease.ts';
import type { FileNews } from './liveFiles.ts';

interface Deps {
  kube: Pick<KubeClient, 'get'>;
  /** The operator's own. */
  namespace: string;
  events: EventRecorder;
  logger: Logger;
}

/** Tells of files that changed as events about the operator's Lease. */
export function tellOfFiles({ kube, namespace, events, logger }: Deps): (news: FileNews) => void {
  const name = 'workspace-operator';
  return ({ setting, fault }) => {
    const reason = fault === undefined ? 'FileLoaded' : 'FileRefused';
    const note =
      fault === undefined
        ? `The file of ${setting} changed and is used.`
        : `${fault}. The file before it stays in use.`;
    kube.get(LEASES, name, namespace).then(
      ({ metadata: { uid } }) => {
        const regarding = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name, namespace, uid };
        events.record({ regarding, type: OPERATOR_EVENTS[reason].type, reason, action: 'ReadFiles', note });
      },
      (error: unknown) => logger.warn({ err: error, setting }, 'a change of a file is not told as an event'),
    );
  };
}
