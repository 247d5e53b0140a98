import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { createApiServer } from '../../dev/apiserver/apiServer.ts';
import { installCluster, OPERATOR_NAMESPACE, stageClient } from '../../dev/stack/install.ts';
import { decodeWorkspace, decodeWorkspaceClass } from '../../src/api/kinds/decode.ts';
import type { Workspace } from '../../src/api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../src/api/kinds/workspaceClass.ts';
import { TAG } from '../../src/api/launch/tags.ts';
import { createStore } from '../../src/controller/cache/store.ts';
import type { KubeClient, KubeObject, Resource } from '../../src/controller/client/client.ts';
import type { EventInput } from '../../src/controller/events/eventBody.ts';
import type { Term } from '../../src/controller/lease/leaderElection.ts';
import type { ReconcileResult } from '../../src/controller/loop/controller.ts';
import { createRegistry } from '../../src/controller/serve/metrics.ts';
import { ec2Failure } from '../../src/ec2/calls/errors.ts';
import { createEc2Metrics } from '../../src/ec2/calls/metrics.ts';
import type { Ec2Calls, Instance, Resolution, RunRequest } from '../../src/ec2/calls/port.ts';
import { createOfferingMemory } from '../../src/ec2/launch/offerings.ts';
import { createObserver } from '../../src/ec2/observe/observer.ts';
import type { LaunchEvidence } from '../../src/gateway/store/evidence.ts';
import { createContentNames } from '../../src/reconcilers/fleet/contentNames.ts';
import { createFleet } from '../../src/reconcilers/fleet/fleet.ts';
import { WORKSPACES, type WorkspaceDeps } from '../../src/reconcilers/workspace/context/deps.ts';
import { createSecretReads } from '../../src/reconcilers/workspace/context/secretReads.ts';
import { readSecret } from '../../src/reconcilers/workspace/observe/readSecret.ts';
import { createWorkspaceReconciler } from '../../src/reconcilers/workspace/reconciler.ts';
import { createUserDataStore } from '../../src/reconcilers/workspace/userData/userDataStore.ts';
import { monoMs, wallMs } from '../support/base/moments.ts';
import { seededRandom } from '../support/base/seededRandom.ts';
import { silentLogger } from '../support/base/silentLogger.ts';
import { createVirtualClock } from '../support/base/virtualClock.ts';
import { createMemoryEc2 } from '../support/cloud/memoryEc2.ts';
import { TIMING } from '../support/workspace/facts.ts';
import { keysWith } from '../support/workspace/keys.ts';
import { createOpenLines } from '../support/workspace/lines.ts';

const CLASSES: Resource = { ...WORKSPACES, plural: 'workspaceclasses', namespaced: false };
const SECRETS: Resource = { ...WORKSPACES, group: '', version: 'v1', plural: 'secrets' };
const NAMESPACES: Resource = { ...SECRETS, plural: 'namespaces', namespaced: false };
const [CLUSTER, KEY] = ['cluster-1', 'default/ada'];

const RESOLUTION: Resolution = {
  ok: true,
  images: [{ id: 'ami-1', architecture: 'x86_64', state: 'available', rootDeviceName: '/dev/xvda' }],
  subnets: [{ id: 'subnet-1', zone: 'a', vpcID: 'vpc-1', availableAddresses: 9 }],
  securityGroupIDs: ['sg-1'],
};

const CLASS_SPEC = {
  allowedNamespaces: { from: 'All' },
  images: [{ architecture: 'x86_64', id: 'ami-1' }],
  instanceTypes: [{ name: 'm7i.large' }],
  subnets: [{ id: 'subnet-1' }],
  securityGroups: [{ id: 'sg-1' }],
};

export type Bench = Awaited<ReturnType<typeof createBench>>;

/** The reconciler between a real API server and a cloud that the test writes, in virtual time. Informers move by `sync` alone. */
export async function createBench(options: { caBundle?: string; logger?: Logger } = {}) {
  const clock = createVirtualClock({ monotonic: 1_000_000 });
  const api = createApiServer({ clock, random: seededRandom(1) });
  const stage = stageClient(api, clock);
  await installCluster(stage);
  const kube: KubeClient = stageClient(api, clock);
  const logger = options.logger ?? silentLogger();
  const registry = createRegistry();
  const workspaces = createStore<Workspace>();
  const classes = createStore<WorkspaceClass>();
  const secrets = createStore<KubeObject>();
  const namespaces = createStore<KubeObject>();
  const keys = keysWith(['k1'], () => randomBytes(32));
  const memory = createMemoryEc2();
  const runs: RunRequest[] = [];
  const terminated: string[][] = [];
  const events: EventInput[] = [];
  const evidence = { available: true, since: monoMs(0), rows: [] as LaunchEvidence[] };
  let term: Term | undefined = {
    id: 'term-1',
    acquiredAt: clock.monotonic(),
  };
  const calls: Ec2Calls = {
    async runInstances(request, { beforeSend } = {}) {
      beforeSend?.();
      if (request.dryRun) {
        throw ec2Failure({ class: 'dryRunOK', code: 'DryRunOperation', action: 'RunInstances', detail: '' });
      }
      runs.push(request);
      const bound = [...memory.instances.values()].find((it) => it.clientToken === request.clientToken);
      if (bound) return bound;
      return put(`i-${memory.instances.size + 1}`, {
        state: 'pending',
        clientToken: request.clientToken,
        tags: Object.fromEntries(request.params.tags.map(({ key, value }) => [key, value])),
      });
    },
    async terminateInstances(ids, { beforeSend } = {}) {
      beforeSend?.();
      terminated.push([...ids]);
      for (const id of ids) {
        if (!memory.instances.has(id)) {
          throw ec2Failure({
            class: 'gone',
            code: 'InvalidInstanceID.NotFound',
            action: 'TerminateInstances',
            detail: `${id} does not exist`,
          });
        }
      }
      for (const id of ids) put(id, { state: 'shutting-down' });
    },
    stopInstances: async () => undefined,
    startInstances: async () => undefined,
    describeInstances: memory.describeInstances,
    describeInstanceStatus: memory.describeInstanceStatus,
    describeSubnets: async () => [{ id: 'subnet-1', zone: 'a', vpcID: 'vpc-1', availableAddresses: 9 }],
    describeSecurityGroups: async () => [{ id: 'sg-1', vpcID: 'vpc-1' }],
    describeImages: async () => [],
    getParameter: async () => 'ami-1',
    getConsoleOutput: async () => '',
  };
  const cloud = createObserver({
    calls: memory,
    clusterID: CLUSTER,
    clock,
    random: seededRandom(2),
    logger,
    metrics: createEc2Metrics(registry),
    onChange: () => undefined,
  });

  cloud.start();

  function put(id: string, change: Partial<Instance>): Instance {
    const before = memory.instances.get(id);
    const next: Instance = {
      id,
      state: 'running',
      type: 'm7i.large',
      zone: 'a',
      tags: {},
      ...before,
      ...change,
    };
    memory.instances.set(id, next);
    return next;
  }

  /** A store as the next process would have it. */
  function another() {
    return createUserDataStore({
      kube,
      namespace: OPERATOR_NAMESPACE,
      clusterID: CLUSTER,
      keys,
      gatewayURL: 'https://gateway:8443',
      caBundle: () => options.caBundle,
      agentScript: '#!/bin/sh\n',
    });
  }

  const deps: WorkspaceDeps = {
    clusterID: CLUSTER,
    kube,
    workspaces,
    classes,
    secrets,
    secretReads: createSecretReads({ secrets, clock, readSecret: (...of) => readSecret(kube, ...of) }),
    namespaces,
    fleet: createFleet({
      workspaces,
      classes,
      names: createContentNames(keys),
      onClass: () => undefined,
      onPlace: () => undefined,
    }),
    cloud,
    calls,
    lines: createOpenLines(),
    resolver: { resolve: async () => RESOLUTION, peek: () => RESOLUTION },
    offerings: createOfferingMemory({ clock }),
    massSilence: () => false,
    evidence: {
      available: () => evidence.available,
      missing: () => (evidence.available ? undefined : 'Database'),
      availableSince: () => (evidence.available ? evidence.since : undefined),
      ofWorkspace: (uid) => evidence.rows.filter((row) => row.uid === uid),
    },
    earlierSelves: () => [],
    keys,
    launchKeys: keys,
    lease: { held: () => term !== undefined, term: () => term },
    events: { record: (event) => void events.push(event) },
    wake: () => undefined,
    clock,
    timing: TIMING,
    ...another(),
  };
  const reconcile = createWorkspaceReconciler(deps);

  async function sync(): Promise<void> {
    const [w, c, s, n] = await Promise.all([
      stage.list(WORKSPACES),
      stage.list(CLASSES),
      stage.list(SECRETS, { metadataOnly: true }),
      stage.list(NAMESPACES, { metadataOnly: true }),
    ]);
    workspaces.applyList(w.items.map(decodeWorkspace), w.resourceVersion);
    classes.applyList(c.items.map(decodeWorkspaceClass), c.resourceVersion);
    secrets.applyList(s.items, s.resourceVersion);
    namespaces.applyList(n.items, n.resourceVersion);
  }

  async function pass(signal = new AbortController().signal): Promise<ReconcileResult | undefined> {
    return reconcile(KEY, { reconcileID: 'r', signal, logger });
  }

  async function workspace(): Promise<Workspace> {
    return decodeWorkspace(await stage.get(WORKSPACES, 'ada', 'default'));
  }

  /** Passes, with sweeps between, until a pass writes nothing and asks for nothing at once. */
  async function settle(most = 12): Promise<ReconcileResult | undefined> {
    for (let count = 0; count < most; count += 1) {
      await sync();
      await cloud.sweepNow();
      const before = (await workspace()).metadata.resourceVersion;
      const result = await pass();
      if ((await workspace()).metadata.resourceVersion === before && result?.requeueAfterMs !== 0)
        return result;
    }
    throw new Error('the loop never came to rest');
  }

  /** Brings launch 1 up: running, and heard of. */
  async function bringUp(): Promise<Workspace> {
    await settle();
    for (const id of memory.instances.keys()) put(id, { state: 'running' });
    const { metadata, status } = await workspace();
    const env = status?.desired?.env ?? '';
    evidence.rows = [
      { uid: metadata.uid, number: 1, env, lastHeartbeatAt: wallMs(1), fresh: true, reports: 0 },
    ];
    await settle();
    return workspace();
  }

  return {
    clock,
    api,
    logger,
    stage,
    another,
    kube,
    deps,
    caches: { workspaces },
    cloud,
    memory,
    runs,
    terminated,
    events,
    evidence,
    calls,
    put,
    sync,
    pass,
    settle,
    bringUp,
    workspace,
    setTerm(id: string | undefined) {
      term = id === undefined ? undefined : { id, acquiredAt: clock.monotonic() };
    },
    /** Until what is followed has been looked up once more. */
    lookUp: () => clock.advance(2_000),
    tags: (uid: string, number: string): Record<string, string> => ({
      [TAG.cluster]: CLUSTER,
      [TAG.uid]: uid,
      [TAG.number]: number,
    }),
    async createClass(spec: Record<string, unknown> = {}) {
      const metadata = { name: 'standard' };
      const body = { apiVersion: 'compute.molecule.ai/v1alpha1', kind: 'WorkspaceClass', metadata };
      await stage.create(CLASSES, { ...body, spec: { ...CLASS_SPEC, ...spec } });
    },
    patchClass: (spec: Record<string, unknown>) => stage.mergePatch(CLASSES, { name: 'standard' }, { spec }),
    async createWorkspace(spec: Record<string, unknown> = {}) {
      const metadata = { name: 'ada', namespace: 'default' };
      const body = { apiVersion: 'compute.molecule.ai/v1alpha1', kind: 'Workspace', metadata };
      await stage.create(WORKSPACES, { ...body, spec: { className: 'standard', ...spec } }, 'default');
    },
    patchWorkspace: (patch: Record<string, unknown>) =>
      stage.mergePatch(WORKSPACES, { name: 'ada', namespace: 'default' }, patch),
    deleteWorkspace: () => stage.delete(WORKSPACES, 'ada', 'default'),
    async condition(type: string) {
      const found = (await workspace()).status?.conditions?.find((it) => it.type === type);
      if (!found) throw new Error(`there is no condition ${type}`);
      return found;
    },
  };
}
