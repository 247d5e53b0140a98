import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../../src/api/kinds/workspaceClass.ts';
import type { Store } from '../../../src/controller/cache/store.ts';
import type { KubeClient } from '../../../src/controller/client/client.ts';
import { createController } from '../../../src/controller/loop/controller.ts';
import { createWorkqueue } from '../../../src/controller/loop/workqueue.ts';
import { createRuntimeMetrics } from '../../../src/controller/serve/metrics.ts';
import type { Resolution } from '../../../src/ec2/calls/port.ts';
import type { Resolver } from '../../../src/ec2/resolve/resolve.ts';
import { createClassLookUps } from '../../../src/reconcilers/class/lookUps.ts';
import { createPace } from '../../../src/reconcilers/class/pace.ts';
import { createClassReconciler } from '../../../src/reconcilers/class/reconciler.ts';
import { createFleet } from '../../../src/reconcilers/fleet/fleet.ts';
import { monoMs } from '../base/moments.ts';
import { seededRandom } from '../base/seededRandom.ts';
import { silentLogger } from '../base/silentLogger.ts';
import { createVirtualClock } from '../base/virtualClock.ts';
import { merge } from '../cluster/mergePatch.ts';
import { MINUTE } from '../workspace/facts.ts';

export const RESOLVED: Resolution = {
  ok: true,
  images: [{ architecture: 'x86_64', id: 'ami-1', rootDeviceName: '/dev/xvda', state: 'available' }],
  subnets: [],
  securityGroupIDs: [],
};

const timing = { resolveIntervalMs: 300_000, statusIntervalMs: 5_000 };

/** A class's controller over these stores, with an API server that takes every status; `pass` is one pass beside it. */
export function classPasses(
  world: { workspaces: Store<Workspace>; classes: Store<WorkspaceClass> },
  resolver: Pick<Resolver, 'resolve' | 'peek'> = {
    resolve: () => Promise.resolve(RESOLVED),
    peek: () => RESOLVED,
  },
) {
  const clock = createVirtualClock({ monotonic: 60 * MINUTE });
  const metrics = createRuntimeMetrics();
  const logger = silentLogger();
  const queue = createWorkqueue({ name: 'class', clock, metrics });
  const counts = { passes: 0, writes: 0 };
  let version = 1_000_000;
  const kube: Pick<KubeClient, 'mergePatch'> = {
    mergePatch<T>(_resource: unknown, { name }: { name: string }, patch: unknown) {
      counts.writes += 1;
      version += 1;
      const held = world.classes.get(name);
      const merged = merge(held, patch) as WorkspaceClass;
      const metadata = { ...merged.metadata, resourceVersion: String(version) };
      return Promise.resolve({ ...merged, metadata } as T);
    },
  };
  const pace = createPace({ clock, ...timing });
  const fleet = createFleet({
    ...world,
    onClass(name, news) {
      if (news === 'numbers') queue.addAfter(name, pace.dueInMs(name));
      else queue.add(name);
    },
    onPlace: () => undefined,
  });
  const reconcile = createClassReconciler({
    operator: undefined,
    kube,
    classes: world.classes,
    fleet,
    evidence: { of: () => ({ reason: 'Available' }), cloud: () => ({ reason: 'Available' }) },
    lookUps: createClassLookUps({ resolver, clock, onEnd: queue.add }),
    pace,
    lease: { held: () => true, term: () => ({ id: 'term-1', acquiredAt: monoMs(0) }) },
    events: { record: () => undefined },
    clock,
    timing,
  });
  const controller = createController({
    name: 'class',
    queue,
    clock,
    random: seededRandom(),
    logger,
    metrics,
    reconcile(name, context) {
      counts.passes += 1;
      return reconcile(name, context);
    },
  });
  const context = { reconcileID: 'pass', signal: new AbortController().signal, logger };
  return { fleet, clock, queue, controller, counts, pass: () => reconcile('standard', context) };
}
