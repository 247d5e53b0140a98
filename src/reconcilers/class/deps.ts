import type { WorkspaceClass } from '../../api/kinds/workspaceClass.ts';
import type { Store } from '../../controller/cache/store.ts';
import type { KubeClient, Resource } from '../../controller/client/client.ts';
import type { Leadership } from '../../controller/lease/leadership.ts';
import type { Clock } from '../../controller/lib/clock.ts';
import type { Events } from '../events.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { ClassTiming } from './decide/facts.ts';
import type { ClassEvidence } from './evidence.ts';
import type { ClassLookUps } from './lookUps.ts';
import type { Pace } from './pace.ts';

export const CLASSES: Resource = {
  group: 'compute.molecule.ai',
  version: 'v1alpha1',
  plural: 'workspaceclasses',
  namespaced: false,
};

/** Everything a class's reconcile works with. */
export interface ClassDeps {
  /** The namespace of an operator that has a list of namespaces to serve. */
  operator: string | undefined;
  kube: Pick<KubeClient, 'mergePatch'>;
  classes: Store<WorkspaceClass>;
  fleet: Fleet;
  evidence: Pick<ClassEvidence, 'of' | 'cloud'>;
  lookUps: ClassLookUps;
  pace: Pace;
  lease: Leadership;
  events: Events;
  clock: Clock;
  timing: ClassTiming;
}
