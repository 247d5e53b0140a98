import { FINALIZER } from '../../src/api/meta.ts';
import { clientToken } from '../../src/api/token.ts';
import { type Workspace, workspaceSpec } from '../../src/api/workspace.ts';
import { type WorkspaceClass, workspaceClassSpec } from '../../src/api/workspaceClass.ts';
import { trackChange } from '../../src/reconcilers/workspace/decide/debounce.ts';
import type {
  Facts,
  HeartbeatFact,
  InstanceFact,
  ValidationFact,
} from '../../src/reconcilers/workspace/decide/facts.ts';
import { type Loose, monoMs } from '../support/moments.ts';
import { classNameOf, imageOf, machineDigest, TYPES, typeOf } from './machine.ts';
import { seenBy } from './parts.ts';
import { generationAsked, typeAsked } from './requests.ts';
import { NOW, timing } from './timing.ts';
import type { Sight, Terms, Version, World } from './world.ts';

const UID = 'u';
const CLUSTER = 'c';

/** The only Workspace of its class. */
const ALONE: Facts['fleet'] = {
  counted: 1,
  unavailable: 0,
  waiting: 0,
  ahead: 0,
  room: { taken: 0, ahead: 0, takenInNamespace: 0, aheadInNamespace: 0 },
  contents: {},
};

/** Made once: parsing them anew for each state would be most of the work. */
const classes = new Map(
  (['Stop', 'Terminate'] as const).map((stopBehavior) => [stopBehavior, classOf(stopBehavior)]),
);
const LACKING = TYPES.map((instanceType) => ({
  scope: { instanceType, zone: 'a', capacityType: 'OnDemand' as const },
  class: 'capacity' as const,
  code: 'InsufficientInstanceCapacity',
  until: monoMs(NOW + 600_000),
  heldUntil: monoMs(NOW + 600_000),
}));
const specs = new Map<string, Workspace['spec']>();
const tokens = new Map<number, string>();

function classOf(stopBehavior: Terms['stopBehavior']): WorkspaceClass {
  return {
    apiVersion: 'compute.molecule.ai/v1alpha1',
    kind: 'WorkspaceClass',
    metadata: { name: 'standard', uid: 'k', resourceVersion: '1' },
    spec: workspaceClassSpec.parse({
      images: [{ architecture: 'x86_64', id: 'ami-1' }],
      instanceTypes: TYPES.map((name) => ({ name })),
      subnets: [{ id: 'subnet-1' }],
      securityGroups: [{ id: 'sg-1' }],
      heartbeat: { periodSeconds: 1, timeoutSeconds: 2 },
      startupTimeoutSeconds: 3,
      rollout: { debounceSeconds: 0, minIntervalSeconds: 1 },
      stopBehavior,
      repair: { policy: 'Replace', afterSeconds: 1 },
    }),
  };
}

const moved = new Map<string, WorkspaceClass>();

function classFor(stopBehavior: Terms['stopBehavior'], klass: number): WorkspaceClass | undefined {
  const first = classes.get(stopBehavior);
  if (!first || klass === 0) return first;
  const name = classNameOf(klass);
  return remembered(moved, `${stopBehavior} ${name}`, () => ({
    ...first,
    metadata: { ...first.metadata, name, uid: name },
  }));
}

function remembered<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function workspaceOf(version: Version): Workspace {
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

function instanceFact(world: World, { number, state, firstAt, lastAt }: Sight): Loose<InstanceFact> {
  const truth = world.instances.find((it) => it.number === number);
  const notFound = firstAt === undefined || lastAt === undefined ? undefined : { firstAt, lastAt };
  return {
    id: `i-${number}`,
    number,
    generation: generationAsked(truth?.asked ?? 0),
    clientToken: remembered(tokens, number, () => clientToken(CLUSTER, UID, number)),
    state,
    type: typeAsked(truth?.asked ?? 0),
    zone: 'a',
    missing: notFound !== undefined,
    notFound,
  };
}

export function rowsOf({ instances }: World): HeartbeatFact[] {
  return instances.flatMap(({ number, row }) =>
    row
      ? [{ number, boot: row.boot, env: `k:${row.env}`, alive: row.boot !== undefined, fresh: row.fresh }]
      : [],
  );
}

/** What observe would gather in this world. */
export function factsOf(world: World, validations: readonly ValidationFact[]): Facts {
  const { process, terms, evidence } = world;
  const version = seenBy(world);
  const observed = { env: `k:${world.content}`, machine: machineDigest(version, world.machine) };
  const powerSentAt = Object.fromEntries(
    process.sent.flatMap(({ number, stopAt, startAt }) => [
      ...(stopAt === undefined ? [] : [[`StopInstances i-${number}`, stopAt] as const]),
      ...(startAt === undefined ? [] : [[`StartInstances i-${number}`, startAt] as const]),
    ]),
  );
  const facts: Loose<Facts> = {
    clusterID: CLUSTER,
    workspace: workspaceOf(version),
    class: classFor(terms.stopBehavior, version.klass),
    classAllowed: true,
    paramsAuthentic: true,
    environment: { kind: 'Merged', digests: { k: observed.env }, currentKey: 'k', leftOut: [] },
    fleet: ALONE,
    machine: observed.machine,
    resolution: {
      ok: true,
      images: [{ id: imageOf(version, world.machine), architecture: 'x86_64', rootDeviceName: '/dev/xvda' }],
      subnets: [{ id: 'subnet-1', zone: 'a' }],
      securityGroupIDs: ['sg-1'],
    },
    refused: world.lacking ? LACKING : [],
    instances: process.view.map((sight) => instanceFact(world, sight)),
    sweptAt: process.sweptAt,
    heartbeats: {
      available: evidence.availableSince !== undefined,
      since: evidence.availableSince,
      massSilence: false,
      launches: rowsOf(world),
    },
    process: {
      epoch: `e${process.epoch}`,
      termAt: process.termAt,
      wrote: process.wrote,
      suspectSince: process.suspectSince,
      sends: process.sends?.number === version.status?.launch?.number ? process.sends : undefined,
      answer: process.answer,
      change: trackChange(undefined, version.status?.desired, observed, { changed: [] }, monoMs(NOW)),
      silence: process.silence,
      validations,
      terminateSentAt: byInstance(process.sent.map(({ number, endAt }) => [number, endAt])),
      powerSentAt,
      console: byInstance(process.sent.map(({ number, console }) => [number, console ? '' : undefined])),
    },
    line: world.queued ? { inMs: 600_000, ahead: 1_000 } : { inMs: 0, ahead: 0 },
    timing: { ...timing, replayMaxAgeMs: terms.replayMaxAgeMs ?? timing.replayMaxAgeMs },
    userData: { ok: true, source: { stub: 1, gatewayURL: 'https://gateway', ticketKey: 't' } },
  };
  return facts as Facts;
}

function byInstance<V>(entries: readonly (readonly [number, V | undefined])[]): Record<string, V> {
  return Object.fromEntries(
    entries.flatMap(([number, value]) => (value === undefined ? [] : [[`i-${number}`, value]])),
  );
}
