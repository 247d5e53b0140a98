import type { CLASS_EDITS, EditName, WORKSPACE_EDITS } from '../../../src/api/edits/edits.ts';
import type { Launch } from '../../../src/api/kinds/workspace.ts';
import type { ClassSpec } from '../driver/people.ts';
import type { World } from '../driver/world.ts';

type Spec = NonNullable<Parameters<World['createWorkspace']>[1]>;
type Patch = Record<string, unknown>;

/** What the next launch shows of an edit that it takes up, and what that must be. */
type Takes = readonly [(launch: Launch) => unknown, unknown];

export interface ClassExample {
  before: ClassSpec;
  patch: Patch;
  takes?: Takes;
}

export interface WorkspaceExample {
  /** The class, and the Workspace, that it begins with. */
  klass?: ClassSpec;
  before?: Spec;
  patches: readonly Patch[];
}

export const GROUP = {
  /** Tagged as the class asks, and `app: agents`. */
  first: 'sg-01111111111111111',
  /** Tagged `tier: web`. */
  other: 'sg-03333333333333333',
} as const;
export const IMAGES = {
  x86: 'ami-0aaaaaaaaaaaaaaaa',
  arm: 'ami-0bbbbbbbbbbbbbbbb',
  newer: 'ami-0ccccccccccccccc1',
};
/** Parameters that name an image; `moving` names a newer one by the time of the edit. */
export const PARAMETERS = { steady: '/test/steady', newer: '/test/newer', moving: '/test/moving' };
const KEY_ARN = 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d';

const [M7, M6] = [{ name: 'm7i.large' }, { name: 'm6i.large' }];
const SUBNETS = [1, 2, 3].map((digit) => ({ id: `subnet-0${String(digit).repeat(16)}` }));
const [A, B] = [SUBNETS.slice(0, 1), SUBNETS.slice(1, 2)];
const TAGGED = { tags: { workspaces: 'true' } };
const SPOT: ClassSpec = { stopBehavior: 'Terminate' };
const x86 = (source: { id: string } | { ssmParameter: string }) => [
  { architecture: 'x86_64' as const, ...source },
];
const volume = (before: ClassSpec['rootVolume'], patch: Patch): ClassExample => ({
  before: { rootVolume: before },
  patch: { rootVolume: patch },
});
const plain = (patch: Patch, before: ClassSpec = {}): ClassExample => ({ before, patch });

const ofType = (launch: Launch) => launch.params?.instanceType;
const ofCapacity = (launch: Launch) => launch.params?.capacityType;
const ofSubnet = (launch: Launch) => launch.params?.subnetID;
const ofImage = (launch: Launch) => launch.params?.imageID;
const ofVolume = (launch: Launch) => launch.params?.rootVolume;
const withoutVolume = (launch: Launch) => ({ ...ofVolume(launch), deviceName: undefined });

/** One example of each row of CLASS_EDITS; a row without one does not compile. */
export const CLASS_EXAMPLES: Readonly<Record<EditName<typeof CLASS_EDITS>, ClassExample>> = {
  'imageUpdatePolicy: met': plain({ imageUpdatePolicy: 'Automatic' }, { images: x86({ id: IMAGES.x86 }) }),
  'imageUpdatePolicy: unmet': plain(
    { imageUpdatePolicy: 'Automatic' },
    { images: x86({ ssmParameter: PARAMETERS.moving }) },
  ),
  'imageUpdatePolicy: back': plain(
    { imageUpdatePolicy: 'OnLaunch' },
    { imageUpdatePolicy: 'Automatic', images: x86({ id: IMAGES.x86 }) },
  ),
  'capacityTypes: added': {
    ...plain({ capacityTypes: ['Spot', 'OnDemand'] }, SPOT),
    takes: [ofCapacity, 'Spot'],
  },
  'capacityTypes: removed': {
    ...plain({ capacityTypes: ['OnDemand'] }, { ...SPOT, capacityTypes: ['Spot', 'OnDemand'] }),
    takes: [ofCapacity, 'OnDemand'],
  },
  'capacityTypes: order': {
    ...plain({ capacityTypes: ['Spot', 'OnDemand'] }, { ...SPOT, capacityTypes: ['OnDemand', 'Spot'] }),
    takes: [ofCapacity, 'Spot'],
  },
  'publicIPAddress: other': {
    ...plain({ publicIPAddress: 'Never' }),
    takes: [({ params }) => params?.publicIPAddress, false],
  },
  'instanceProfile: set': plain({ instanceProfile: 'workspace' }),
  'instanceProfile: removed': plain({ instanceProfile: null }, { instanceProfile: 'workspace' }),
  'tags: other': {
    ...plain({ tags: { team: 'b' } }, { tags: { team: 'a' } }),
    takes: [({ params }) => params?.tags.find(({ key }) => key === 'team')?.value, 'b'],
  },
  'userData: other': plain({ userData: 'echo b' }, { userData: 'echo a' }),
  'startupTimeoutSeconds: other': {
    ...plain({ startupTimeoutSeconds: 600 }),
    takes: [
      ({ deadline = '', submittedAt = '' }) =>
        Math.round((Date.parse(deadline) - Date.parse(submittedAt)) / 60_000),
      10,
    ],
  },
  'agentHosts: other': plain({ agentHosts: ['{name}.example.com'] }),
  'stopBehavior: other': plain({ stopBehavior: 'Terminate' }),
  'maxInstances: other': plain({ maxInstances: 0 }),
  'maxInstancesPerNamespace: other': plain({ maxInstancesPerNamespace: 0 }),

  'images.architecture: added': plain(
    {
      images: [...x86({ ssmParameter: PARAMETERS.steady }), { architecture: 'arm64', id: IMAGES.arm }],
    },
    { images: x86({ ssmParameter: PARAMETERS.steady }) },
  ),
  'images.id: onLaunch': {
    ...plain({ images: x86({ id: IMAGES.newer }) }, { images: x86({ id: IMAGES.x86 }) }),
    takes: [ofImage, IMAGES.newer],
  },
  'images.id: automatic': plain(
    { images: x86({ id: IMAGES.newer }) },
    { images: x86({ id: IMAGES.x86 }), imageUpdatePolicy: 'Automatic' },
  ),
  'images.ssmParameter: onLaunch': {
    ...plain(
      { images: x86({ ssmParameter: PARAMETERS.newer }) },
      { images: x86({ ssmParameter: PARAMETERS.steady }) },
    ),
    takes: [ofImage, IMAGES.newer],
  },
  'images.ssmParameter: automatic': plain(
    { images: x86({ ssmParameter: PARAMETERS.newer }) },
    { images: x86({ ssmParameter: PARAMETERS.steady }), imageUpdatePolicy: 'Automatic' },
  ),
  'instanceTypes.name: added': {
    ...plain({ instanceTypes: [M6, M7] }, { instanceTypes: [M7] }),
    takes: [ofType, M6.name],
  },
  'instanceTypes.name: removed': {
    ...plain({ instanceTypes: [M6] }, { instanceTypes: [M7, M6] }),
    takes: [ofType, M6.name],
  },
  'instanceTypes.name: order': {
    ...plain({ instanceTypes: [M6, M7] }, { instanceTypes: [M7, M6] }),
    takes: [ofType, M6.name],
  },
  'instanceTypes.architecture: other': {
    ...plain({ instanceTypes: [{ ...M7, architecture: 'x86_64' }] }, { instanceTypes: [M7] }),
    takes: [ofType, M7.name],
  },
  'subnets.id: added': {
    ...plain({ subnets: [...A, ...B] }, { subnets: A }),
    takes: [(launch) => SUBNETS.some(({ id }) => id === ofSubnet(launch)), true],
  },
  'subnets.id: removed': { ...plain({ subnets: B }, { subnets: A }), takes: [ofSubnet, B[0]?.id] },
  'subnets.tags: added': {
    ...plain({ subnets: [...A, TAGGED] }, { subnets: A }),
    takes: [(launch) => SUBNETS.some(({ id }) => id === ofSubnet(launch)), true],
  },
  'subnets.tags: order': {
    ...plain(
      { subnets: [TAGGED, { tags: { Name: 'workspaces-a' } }] },
      { subnets: [{ tags: { Name: 'workspaces-a' } }, TAGGED] },
    ),
    takes: [(launch) => SUBNETS.some(({ id }) => id === ofSubnet(launch)), true],
  },
  'securityGroups.id: same': plain(
    { securityGroups: [TAGGED, { id: GROUP.first }] },
    { securityGroups: [TAGGED] },
  ),
  'securityGroups.id: other': plain(
    { securityGroups: [TAGGED, { id: GROUP.other }] },
    { securityGroups: [TAGGED] },
  ),
  'securityGroups.id: removed': plain(
    { securityGroups: [{ id: GROUP.first }] },
    { securityGroups: [{ id: GROUP.first }, { id: GROUP.other }] },
  ),
  'securityGroups.tags: same': plain(
    { securityGroups: [TAGGED, { tags: { app: 'agents' } }] },
    { securityGroups: [TAGGED] },
  ),
  'securityGroups.tags: other': plain(
    { securityGroups: [TAGGED, { tags: { tier: 'web' } }] },
    { securityGroups: [TAGGED] },
  ),
  'securityGroups.tags: order': plain(
    { securityGroups: [{ tags: { tier: 'web' } }, TAGGED] },
    { securityGroups: [TAGGED, { tags: { tier: 'web' } }] },
  ),

  'rootVolume.sizeGiB: larger': volume({ sizeGiB: 30 }, { sizeGiB: 31 }),
  'rootVolume.sizeGiB: smaller': {
    ...volume({ sizeGiB: 30 }, { sizeGiB: 20 }),
    takes: [(it) => ofVolume(it)?.sizeGiB, 20],
  },
  'rootVolume.type: other': volume({ type: 'gp3' }, { type: 'gp2' }),
  'rootVolume.iops: more': volume({ iops: 4000 }, { iops: 5000 }),
  'rootVolume.iops: fewer': {
    ...volume({ iops: 4000 }, { iops: null }),
    takes: [(it) => ofVolume(it)?.iops, undefined],
  },
  'rootVolume.iops: baseline': volume({}, { iops: 3000 }),
  'rootVolume.throughput: more': volume({}, { throughput: 200 }),
  'rootVolume.throughput: less': {
    ...volume({ throughput: 200 }, { throughput: 150 }),
    takes: [(it) => ofVolume(it)?.throughput, 150],
  },
  'rootVolume.throughput: baseline': volume({}, { throughput: 125 }),
  'rootVolume.kmsKeyID: other': volume({}, { kmsKeyID: 'alias/other' }),
  'rootVolume.kmsKeyID: same': volume({ kmsKeyID: KEY_ARN }, { kmsKeyID: '0a1b2c3d' }),
  'rootVolume.kmsKeyID: removed': {
    ...volume({ kmsKeyID: KEY_ARN }, { kmsKeyID: null }),
    takes: [withoutVolume, { sizeGiB: 30, type: 'gp3', deviceName: undefined }],
  },

  'allowedNamespaces.from: other': plain({ allowedNamespaces: { from: 'Selector', selector: {} } }),
  'allowedNamespaces.selector: other': plain(
    { allowedNamespaces: { selector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } } } },
    { allowedNamespaces: { from: 'Selector', selector: {} } },
  ),
  'heartbeat.periodSeconds: other': plain({ heartbeat: { periodSeconds: 20 } }),
  'heartbeat.timeoutSeconds: other': plain({ heartbeat: { timeoutSeconds: 120 } }),
  'rollout.debounceSeconds: other': plain({ rollout: { debounceSeconds: 5 } }),
  'rollout.minIntervalSeconds: other': plain({ rollout: { minIntervalSeconds: 90 } }),
  'rollout.maxUnavailable: other': plain({ rollout: { maxUnavailable: '50%' } }),
  'repair.policy: other': plain({ repair: { policy: 'None' } }),
  'repair.afterSeconds: other': plain({ repair: { afterSeconds: 400 } }),
  'requests.resume: other': plain({ requests: { resume: 'now' } }),
};

const env = (...pairs: readonly [string, string][]) => pairs.map(([name, value]) => ({ name, value }));

/** One example of each row of WORKSPACE_EDITS. */
export const WORKSPACE_EXAMPLES: Readonly<Record<EditName<typeof WORKSPACE_EDITS>, WorkspaceExample>> = {
  'className: met': { patches: [{ className: 'alike' }] },
  'className: other': { patches: [{ className: 'larger' }] },
  'operatingMode: stopped': { patches: [{ operatingMode: 'Stopped' }, { operatingMode: 'Running' }] },
  'instanceType: same': { patches: [{ instanceType: M7.name }] },
  'instanceType: other': { patches: [{ instanceType: M6.name }] },
  'instanceType: removed': { before: { instanceType: M6.name }, patches: [{ instanceType: null }] },
  'paused: set': { patches: [{ paused: true }, { paused: false }] },
  'envFrom.secretRef: same': {
    patches: [
      { envFrom: [{ secretRef: { name: 'edits' } }, { secretRef: { name: 'nowhere', optional: true } }] },
    ],
  },
  'envFrom.secretRef: other': {
    patches: [{ envFrom: [{ secretRef: { name: 'edits' } }, { secretRef: { name: 'more' } }] }],
  },
  'env.name: other': { before: { env: env(['A', '1']) }, patches: [{ env: env(['B', '1']) }] },
  'env.value: other': { before: { env: env(['A', '1']) }, patches: [{ env: env(['A', '2']) }] },
  'requests.restart: other': { patches: [{ requests: { restart: 'now' } }] },
};
