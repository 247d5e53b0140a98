import type { KubeClient } from '../../controller/client/client.ts';
import type { Scope } from '../../controller/client/scope.ts';
import type { EventRecorder } from '../../controller/events/events.ts';
import { LEASES, type LeaseTarget } from '../../controller/lease/lease.ts';

/** The API takes events about what has no namespace in this one alone. */
const DEFAULT = 'default';

/**
 * Events about classes live in `default`. Where that is not in scope they are about the operator's own Lease instead, and name
 * the class.
 */
export function inScope(
  events: EventRecorder,
  scope: Scope,
  { kube, lease }: { kube: Pick<KubeClient, 'get'>; lease: LeaseTarget },
): EventRecorder {
  if (scope.covers(DEFAULT)) return events;
  let uid: Promise<string> | undefined;
  return {
    stop: events.stop,
    record(event) {
      const { kind, namespace, name } = event.regarding;
      if (namespace !== undefined) {
        events.record(event);
        return;
      }
      uid ??= kube.get(LEASES, lease.name, lease.namespace).then(({ metadata }) => metadata.uid);
      uid.then(
        (known) =>
          events.record({
            ...event,
            regarding: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', ...lease, uid: known },
            note: `${kind} ${name}: ${event.note}`,
          }),
        () => {
          // The class's conditions show the same; the next event asks again.
          uid = undefined;
        },
      );
    },
  };
}
