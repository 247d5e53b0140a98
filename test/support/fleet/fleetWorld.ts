import { type Workspace, type WorkspaceStatus, workspaceSpec } from '../../../src/api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../../src/api/kinds/workspaceClass.ts';
import { createStore } from '../../../src/controller/cache/store.ts';
import { createFleet } from '../../../src/reconcilers/fleet/fleet.ts';
import { WORKSPACE_INDEXES } from '../../../src/reconcilers/workspace/triggers.ts';
import { classOf, desiredOf, launchOf, stamp, statusOf, waiting } from '../workspace/facts.ts';

type Conditions = NonNullable<WorkspaceStatus['conditions']>;

export function conditionsOf(
  verdicts: Record<string, [status: 'True' | 'False', reason: string]>,
): Conditions {
  return Object.entries(verdicts).map(([type, [status, reason]]) => ({
    type,
    status,
    reason,
    message: '',
    lastTransitionTime: stamp(0),
  }));
}

const READY = conditionsOf({
  Ready: ['True', 'Ready'],
  UpToDate: ['True', 'UpToDate'],
  Reconciling: ['False', 'Settled'],
});

export const DOWN = conditionsOf({ Ready: ['False', 'Restarting'], UpToDate: ['False', 'Restarting'] });

/** Workspaces of one class in a store, and the fleet over them; a write is a version of its own. */
export function createFleetWorld(classSpec: Record<string, unknown> = {}) {
  const workspaces = createStore<Workspace>({ indexes: WORKSPACE_INDEXES });
  const classes = createStore<WorkspaceClass>();
  const woken: string[] = [];
  const wokenClasses: string[] = [];
  let version = 100;
  const fleet = () =>
    createFleet({
      workspaces,
      classes,
      onClass: (name) => void wokenClasses.push(name),
      onPlace: (key) => void woken.push(key),
    });
  classes.applyWrite(classOf(classSpec));

  function write(
    name: string,
    status: WorkspaceStatus | undefined,
    more: Partial<Workspace['metadata']> = {},
    className = 'standard',
    spec: Record<string, unknown> = {},
  ) {
    version += 1;
    const { namespace = 'default', ...rest } = more;
    const workspace: Workspace = {
      apiVersion: 'compute.molecule.ai/v1alpha1',
      kind: 'Workspace',
      metadata: {
        name,
        namespace,
        uid: `${namespace}-${name}`,
        resourceVersion: String(version),
        creationTimestamp: stamp(0),
        ...rest,
      },
      spec: workspaceSpec.parse({ className, ...spec }),
      status,
    };
    workspaces.applyWrite(workspace);
    return workspace;
  }

  return {
    workspaces,
    classes,
    woken,
    wokenClasses,
    fleet,
    write,
    remove(name: string, namespace = 'default') {
      version += 1;
      const held = workspaces.get(`${namespace}/${name}`);
      if (held) {
        workspaces.applyDelete({ ...held, metadata: { ...held.metadata, resourceVersion: String(version) } });
      }
    },
  };
}

/** Serves, with a launch this old. */
export function serving(ageMs: number, more: Partial<WorkspaceStatus> = {}): WorkspaceStatus {
  const launch = launchOf({ submittedAt: stamp(-ageMs) });
  return statusOf({ launch, conditions: READY, ...more });
}

/** Its replacement for content b has begun. */
export function replacing(): WorkspaceStatus {
  return statusOf({ launch: waiting(2), desired: desiredOf(2, 'b'), conditions: DOWN });
}

/** Serves, with a launch this old, and waits for a slot to be replaced for content b. */
export function queued(ageMs: number): WorkspaceStatus {
  const conditions = conditionsOf({ Ready: ['True', 'Ready'], UpToDate: ['False', 'RolloutQueued'] });
  return serving(ageMs, { desired: desiredOf(2, 'b'), conditions });
}
