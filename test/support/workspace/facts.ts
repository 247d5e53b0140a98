import { FINALIZER } from '../../../src/api/base/meta.ts';
import { digestEnvironment } from '../../../src/api/environment/environment.ts';
import type { Launch, Workspace, WorkspaceStatus } from '../../../src/api/kinds/workspace.ts';
import { workspaceSpec } from '../../../src/api/kinds/workspace.ts';
import { type WorkspaceClass, workspaceClassSpec } from '../../../src/api/kinds/workspaceClass.ts';
import { clientToken } from '../../../src/api/launch/token.ts';
import { plus } from '../../../src/controller/lib/time.ts';
import type {
  EnvironmentFact,
  Facts,
  FleetFact,
  HeartbeatFact,
  InstanceFact,
  Timing,
} from '../../../src/reconcilers/workspace/decide/facts/facts.ts';
import type { ProcessFact } from '../../../src/reconcilers/workspace/decide/facts/processFacts.ts';
import { type Loose, monoMs, wallMs } from '../base/moments.ts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const CLUSTER = 'cluster-1';
const UID = 'uid-1';

/** The moment of every decision here, unless a test moves it. */
export const NOW = { wall: wallMs(Date.parse('2026-01-01T12:00:00.000Z')), mono: monoMs(10 * HOUR) };

/** An instant relative to NOW, as a status writes it. */
export function stamp(offsetMs: number): string {
  return new Date(NOW.wall + offsetMs).toISOString();
}

/** The protocol's intervals as they are by default. */
export const TIMING: Timing = {
  lateMs: 2 * MINUTE,
  visibilityMs: 5 * MINUTE,
  repairBackoffMinMs: 30 * SECOND,
  repairBackoffMaxMs: 15 * MINUTE,
  replayBackoffMinMs: SECOND,
  replayBackoffMaxMs: 30 * SECOND,
  terminateRetryMs: 15 * SECOND,
  replayMaxAgeMs: HOUR,
  secondMs: SECOND,
};

/** The digest of an environment with this content, by default under the key k1. */
export function envDigest(content: string, id = 'k1'): string {
  return digestEnvironment({ id, key: Buffer.from(id) }, new Map([['KEY', Buffer.from(content)]]));
}

/** Merged from Secrets that hold this content, digested under these keys; the last is the current one. */
export function environmentOf(content: string, keys: readonly string[] = ['k1']): EnvironmentFact {
  const digests = Object.fromEntries(keys.map((id) => [id, envDigest(content, id)]));
  return { kind: 'Merged', digests, currentKey: keys.at(-1) ?? 'k1', leftOut: [] };
}

export const MACHINE = 'm1:own:class';

export function classOf(spec: Record<string, unknown> = {}): WorkspaceClass {
  return {
    apiVersion: 'compute.molecule.ai/v1alpha1',
    kind: 'WorkspaceClass',
    metadata: { name: 'standard', uid: 'class-uid', resourceVersion: '1' },
    spec: workspaceClassSpec.parse({
      allowedNamespaces: { from: 'All' },
      images: [{ architecture: 'x86_64', id: 'ami-1' }],
      instanceTypes: [{ name: 'm7i.large' }, { name: 'm6i.large' }],
      subnets: [{ id: 'subnet-1' }, { id: 'subnet-2' }],
      securityGroups: [{ id: 'sg-1' }],
      ...spec,
    }),
  };
}

const STANDARD = classOf();

export function instanceOf(
  number: number,
  state: string,
  more: Loose<Partial<InstanceFact>> = {},
): InstanceFact {
  return {
    id: `i-${number}`,
    number,
    generation: number,
    clientToken: clientToken(CLUSTER, UID, number),
    state,
    type: 'm7i.large',
    zone: 'a',
    launchTime: stamp(-10 * MINUTE),
    missing: false,
    ...(more as Partial<InstanceFact>),
  };
}

/** Heartbeats of a launch that holds content `a`. */
export function heartbeatOf(number: number, more: Loose<Partial<HeartbeatFact>> = {}): HeartbeatFact {
  const said = more as Partial<HeartbeatFact>;
  return { number, env: envDigest('a'), alive: true, fresh: true, lastHeartbeatAt: NOW.wall, ...said };
}

/** This process has not heard the launch for so long. */
export function silenceOf(number: number, agoMs: number): NonNullable<ProcessFact['silence']> {
  return { number, since: plus(NOW.mono, -agoMs), at: plus(NOW.wall, -agoMs) };
}

/** Launch 1: armed ten minutes ago, heard of a minute later. */
export function launchOf(more: Partial<Launch> = {}): Launch {
  const number = more.number ?? 1;
  return {
    number,
    generation: 1,
    cause: { kind: 'Created', ref: '1' },
    phase: 'Submitted',
    openedAt: stamp(-10 * MINUTE),
    submittedAt: stamp(-10 * MINUTE),
    deadline: stamp(5 * MINUTE),
    readyAt: stamp(-9 * MINUTE),
    machine: MACHINE,
    params: PARAMS,
    instanceID: `i-${number}`,
    failures: 0,
    sender: 'term-1',
    ...more,
  };
}

const PARAMS: NonNullable<Launch['params']> = {
  imageID: 'ami-1',
  instanceType: 'm7i.large',
  capacityType: 'OnDemand',
  subnetID: 'subnet-1',
  zone: 'a',
  securityGroupIDs: ['sg-1'],
  rootVolume: { deviceName: '/dev/xvda', sizeGiB: 30, type: 'gp3' },
  tags: [],
  userData: { stub: 1, gatewayURL: 'https://gateway', ticketKey: 'k1' },
};

/** Ten Workspaces of the class that serve, this one among them; none waits. */
export function fleetOf(more: Partial<FleetFact> = {}): FleetFact {
  return {
    counted: 10,
    unavailable: 0,
    waiting: 0,
    ahead: 0,
    room: { taken: 9, ahead: 0, takenInNamespace: 9, aheadInNamespace: 0 },
    contents: {},
    ...more,
  };
}

/** Launch 1 in its boot: the instance is there, nothing was heard of it. */
export function booting(more: Partial<Launch> = {}): Launch {
  return launchOf({
    openedAt: stamp(-30 * SECOND),
    submittedAt: stamp(-30 * SECOND),
    deadline: stamp(14.5 * MINUTE),
    readyAt: undefined,
    ...more,
  });
}

/** Launch 1 as it is between the write that armed it and a definite answer. */
export function doubtful(more: Partial<Launch> = {}): Launch {
  return booting({ instanceID: undefined, ...more });
}

/** A launch that was decided and may not be sent yet. */
export function waiting(number: number, more: Partial<Launch> = {}): Launch {
  return {
    number,
    generation: number,
    cause: { kind: 'SecretChanged', ref: String(number) },
    phase: 'Waiting',
    openedAt: stamp(-SECOND),
    failures: 0,
    ...more,
  };
}

export function statusOf(more: Partial<WorkspaceStatus> = {}): WorkspaceStatus {
  return {
    observedGeneration: 1,
    desired: {
      generation: 1,
      env: envDigest('a'),
      machine: MACHINE,
      cause: 'Created',
      at: stamp(-10 * MINUTE),
    },
    handled: {},
    launch: launchOf(),
    instance: { id: 'i-1', state: 'running', type: 'm7i.large', zone: 'a', env: envDigest('a') },
    provisions: 1,
    ...more,
  };
}

/** What is desired, a generation further and with another content. */
export function desiredOf(generation: number, content: string, more: Record<string, unknown> = {}) {
  const cause = 'SecretChanged' as const;
  return { generation, env: envDigest(content), machine: MACHINE, cause, at: stamp(-MINUTE), ...more };
}

export interface Overrides extends Loose<Partial<Omit<Facts, 'workspace' | 'process' | 'heartbeats'>>> {
  heartbeats?: Loose<Omit<Facts['heartbeats'], 'massSilence'> & { massSilence?: boolean }>;
  spec?: Record<string, unknown>;
  metadata?: Partial<Workspace['metadata']>;
  status?: WorkspaceStatus | undefined;
  process?: Loose<Partial<Facts['process']>>;
}

/** The facts of a Workspace that is Ready and current, but for what `more` changes. */
/** Its moments are numbers or moments. */
export function factsOf(overrides: Overrides = {}): Facts {
  const { spec, metadata, process, heartbeats, ...rest } = overrides;
  const status = 'status' in overrides ? overrides.status : statusOf();
  const facts: Loose<Facts> = {
    clusterID: CLUSTER,
    class: STANDARD,
    classAllowed: true,
    paramsAuthentic: true,
    environment: environmentOf('a'),
    fleet: fleetOf(),
    machine: MACHINE,
    resolution: {
      ok: true,
      images: [{ id: 'ami-1', architecture: 'x86_64', rootDeviceName: '/dev/xvda' }],
      subnets: [
        { id: 'subnet-1', zone: 'a' },
        { id: 'subnet-2', zone: 'b' },
      ],
      securityGroupIDs: ['sg-1'],
    },
    refused: [],
    instances: [instanceOf(1, 'running')],
    sweptAt: NOW.mono - 5 * SECOND,
    heartbeats: {
      massSilence: false,
      ...(heartbeats ?? { available: true, since: NOW.mono - HOUR, launches: [heartbeatOf(1)] }),
    },
    earlier: [],
    line: { inMs: 0, ahead: 0 },
    timing: TIMING,
    userData: { ok: true, source: { stub: 1, gatewayURL: 'https://gateway', ticketKey: 'k1' } },
    ...rest,
    process: {
      epoch: 'term-1',
      termAt: NOW.mono - HOUR,
      wrote: true,
      validations: [],
      terminateSentAt: {},
      powerSentAt: {},
      console: {},
      ...process,
    },
    workspace: {
      apiVersion: 'compute.molecule.ai/v1alpha1',
      kind: 'Workspace',
      metadata: {
        name: 'ada',
        namespace: 'default',
        uid: UID,
        resourceVersion: '7',
        generation: 1,
        finalizers: [FINALIZER],
        ...metadata,
      },
      spec: workspaceSpec.parse({
        className: 'standard',
        envFrom: [{ secretRef: { name: 'ada-env' } }],
        ...spec,
      }),
      status,
    },
  };
  return facts as Facts;
}

type LaunchAnswer = NonNullable<ProcessFact['answer']>;
type Refusal = Extract<LaunchAnswer['result'], { kind: 'refused' }>['class'];

export function refusalOf(
  number: number,
  refusal: Refusal,
  more: Loose<Partial<LaunchAnswer>> = {},
): LaunchAnswer {
  return {
    number,
    sentAt: plus(NOW.mono, -SECOND),
    firstSend: true,
    quietSince: plus(NOW.mono, -HOUR),
    result: { kind: 'refused', class: refusal, code: 'Refused', message: 'EC2 said no.' },
    ...(more as Partial<LaunchAnswer>),
  };
}
