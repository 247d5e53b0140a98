import { FINALIZER } from '../../../src/api/base/meta.ts';
import { classNameOf as classNameIn, occupiedClasses } from '../../../src/api/kinds/room.ts';
import { type Workspace, workspaceSpec } from '../../../src/api/kinds/workspace.ts';
import { type WorkspaceClass, workspaceClassSpec } from '../../../src/api/kinds/workspaceClass.ts';
import { classNameOf, TYPES, typeOf } from './machine.ts';
import { CAPACITY_TYPES, SIZES } from './quotas.ts';
import type { Terms, Version } from './world.ts';

export const UID = 'u';

/** Made once: parsing them again for each state would be most of the work. */
const classes = new Map<string, WorkspaceClass>();
const specs = new Map<string, Workspace['spec']>();

export function remembered<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

export function classFor({ stopBehavior, maxInstances, quotas }: Terms, name: string): WorkspaceClass {
  const hasQuotas = quotas.length > 0;
  return remembered(classes, `${stopBehavior} ${maxInstances} ${hasQuotas} ${name}`, () => ({
    apiVersion: 'compute.molecule.ai/v1alpha1',
    kind: 'WorkspaceClass',
    metadata: { name, uid: name, resourceVersion: '1' },
    spec: workspaceClassSpec.parse({
      images: [{ architecture: 'x86_64', id: 'ami-1' }],
      instanceTypes: (hasQuotas ? SIZES : TYPES).map((type) => ({ name: type })),
      ...(hasQuotas && { capacityTypes: CAPACITY_TYPES }),
      ...(maxInstances !== undefined && { maxInstances }),
      subnets: [{ id: 'subnet-1' }],
      securityGroups: [{ id: 'sg-1' }],
      heartbeat: { periodSeconds: 1, timeoutSeconds: 2 },
      startupTimeoutSeconds: 3,
      rollout: { debounceSeconds: 0, minIntervalSeconds: 1 },
      stopBehavior,
      repair: { policy: 'Replace', afterSeconds: 1 },
    }),
  }));
}

export function workspaceOf(version: Version): Workspace {
  const { status, restart, stopped, deleting, finalizer, paused, type, klass } = version;
  const spec = remembered(specs, `${restart} ${stopped} ${paused} ${type} ${klass}`, () =>
    workspaceSpec.parse({
      className: classNameOf(klass),
      paused,
      ...(type > 0 && { instanceType: typeOf(type) }),
      requests: restart ? { restart } : {},
      operatingMode: stopped ? 'Stopped' : 'Running',
    }),
  );
  return {
    apiVersion: 'compute.molecule.ai/v1alpha1',
    kind: 'Workspace',
    metadata: {
      name: 'w',
      namespace: 'n',
      uid: UID,
      resourceVersion: '1',
      generation: 1,
      finalizers: finalizer ? [FINALIZER] : [],
      deletionTimestamp: deleting ? new Date(0).toISOString() : undefined,
    },
    spec,
    status,
  };
}

const member = (version: Version) => ({
  metadata: { uid: UID } as Workspace['metadata'],
  spec: { className: classNameOf(version.klass) } as Workspace['spec'],
  status: version.status,
});

/** The class that the Workspace is in, even if its spec names another. */
export function placeOf(version: Version): string {
  return classNameIn(member(version));
}

/** The classes whose room it takes up, as everybody has it who reads this version. */
export function roomsOf(version: Version): readonly string[] {
  return occupiedClasses(member(version));
}
