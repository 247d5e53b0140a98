import { FINALIZER } from '../../src/api/meta.ts';
import { clientToken } from '../../src/api/token.ts';
import { type Workspace, workspaceSpec } from '../../src/api/workspace.ts';
import { type WorkspaceClass, workspaceClassSpec } from '../../src/api/workspaceClass.ts';
import { trackChange } from '../../src/reconcilers/workspace/decide/debounce.ts';
import type { Facts, ValidationFact } from '../../src/reconcilers/workspace/decide/facts.ts';
import { timing } from './timing.ts';
import type { World } from './world.ts';

const UID = 'u';
const CLUSTER = 'c';
const klass: WorkspaceClass = {
  apiVersion: 'compute.molecule.ai/v1alpha1',
  kind: 'WorkspaceClass',
  metadata: { name: 'standard', uid: 'k', resourceVersion: '1' },
  spec: workspaceClassSpec.parse({
    images: [{ architecture: 'x86_64', id: 'ami-1' }],
    instanceTypes: [{ name: 'm7i.large' }],
    subnets: [{ id: 'subnet-1' }],
    securityGroups: [{ id: 'sg-1' }],
    heartbeat: { periodSeconds: 1, timeoutSeconds: 2 },
    startupTimeoutSeconds: 3,
    rollout: { debounceSeconds: 0, minIntervalSeconds: 1 },
  }),
};

function workspaceOf(world: World): Workspace {
  return {
    apiVersion: 'compute.molecule.ai/v1alpha1',
    kind: 'Workspace',
    metadata: {
      name: 'w',
      namespace: 'n',
      uid: UID,
      resourceVersion: String(world.rv),
      generation: 1,
      finalizers: world.finalizer ? [FINALIZER] : [],
      deletionTimestamp: world.deleting ? new Date(0).toISOString() : undefined,
    },
    spec: workspaceSpec.parse({
      className: 'standard',
      requests: world.restart ? { restart: world.restart } : {},
    }),
    status: world.status,
  };
}

export function factsOf(world: World, validations: readonly ValidationFact[]): Facts {
  const { process } = world;
  const observed = { env: `k:${world.content}`, machine: 'm1:a:b' };
  return {
    clusterID: CLUSTER,
    workspace: workspaceOf(world),
    class: klass,
    classAllowed: true,
    environment: { kind: 'Merged', digests: { k: observed.env }, currentKey: 'k', skipped: [] },
    machine: observed.machine,
    resolution: {
      ok: true,
      images: [{ id: 'ami-1', architecture: 'x86_64', rootDeviceName: '/dev/xvda' }],
      subnets: [{ id: 'subnet-1', zone: 'a' }],
      securityGroupIDs: ['sg-1'],
    },
    unavailable: new Map(),
    instances: process.view.map(({ number, state, notFound }) => ({
      id: `i-${number}`,
      number,
      generation: 1,
      clientToken: clientToken(CLUSTER, UID, number),
      state,
      type: 'm7i.large',
      zone: 'a',
      missing: notFound !== undefined,
      notFound,
    })),
    sweptAt: process.sweptAt,
    heartbeats: {
      available: true,
      since: process.termAt,
      massSilence: false,
      launches: world.instances
        .filter((instance) => instance.env !== undefined)
        .map(({ number, env, alive }) => ({ number, env: `k:${env}`, alive, fresh: alive })),
    },
    process: {
      epoch: process.epoch,
      termAt: process.termAt,
      wrote: process.wrote,
      suspectSince: process.suspectSince,
      sends: process.sends?.number === world.status?.launch?.number ? process.sends : undefined,
      answer: process.answer,
      change: trackChange(undefined, world.status?.desired, observed, [], world.now),
      validations,
      terminateSentAt: process.terminateSentAt,
      powerSentAt: {},
      console: process.console,
    },
    timing,
    userData: { ok: true, source: { stub: 1, gatewayURL: 'https://gateway', ticketKey: 't' } },
  };
}
