import type { WorkspaceSpec } from '../kinds/workspace.ts';
import type { WorkspaceClassSpec } from '../kinds/workspaceClass.ts';

/** The cost of an edit of a spec for a Workspace whose instance runs. */
export const COSTS = {
  nothing: {
    shown: 'nothing',
    means: 'The instance has what the spec now says, or the field is not about it.',
  },
  nextLaunch: { shown: 'next launch', means: 'The instance stays, and the next launch takes it up.' },
  provision: { shown: 'one provision', means: 'The instance is replaced once, in its turn of the roll-out.' },
} as const;
type Cost = keyof typeof COSTS;

export interface Edit {
  edit: string;
  costs: Cost;
  why?: string;
}

/** Each field has its edits, by a short name. The groups below refuse a spec field without a row. */
type Rows<Field extends string> = Readonly<Record<Field, Readonly<Record<string, Edit>>>>;
type Within<Path extends string, Fields extends object> = `${Path}.${keyof Fields & string}`;
type Class = WorkspaceClassSpec;

const nothing = (edit: string, why?: string): Edit => ({ edit, costs: 'nothing', ...(why && { why }) });
const nextLaunch = (edit: string, why?: string): Edit => ({ edit, costs: 'nextLaunch', ...(why && { why }) });
const provision = (edit: string, why?: string): Edit => ({ edit, costs: 'provision', ...(why && { why }) });

const OF_WORKSPACE = {
  className: {
    met: nothing('To a class whose spec the instance meets.'),
    other: provision('To a class that asks for another machine.'),
  },
  operatingMode: {
    stopped: nothing(
      'Stopped, and Running again.',
      'Without `stopBehavior: Terminate`, the same instance starts again.',
    ),
  },
  instanceType: {
    same: nothing('Set to the type that the instance has.'),
    other: provision('Set to another type.'),
    removed: nothing('Removed.', 'The instance has a type that the class offered.'),
  },
  paused: { set: nothing('Any.') },
} satisfies Rows<Exclude<keyof WorkspaceSpec, 'env' | 'envFrom' | 'requests'>>;

const OF_ENVIRONMENT = {
  'envFrom.secretRef': {
    same: nothing('Edits that leave the merged content as it is.'),
    other: provision('Edits that change the merged content.'),
  },
  'env.name': { other: provision('Another variable.') },
  'env.value': { other: provision('Another value.') },
} satisfies Rows<
  Within<'envFrom', WorkspaceSpec['envFrom'][number]> | Within<'env', WorkspaceSpec['env'][number]>
>;

const OF_WORKSPACE_REQUESTS = {
  'requests.restart': { other: provision('A new value.') },
} satisfies Rows<Within<'requests', WorkspaceSpec['requests']>>;

/** All edits of a Workspace's spec. */
export const WORKSPACE_EDITS = { ...OF_WORKSPACE, ...OF_ENVIRONMENT, ...OF_WORKSPACE_REQUESTS };

const OF_CLASS = {
  imageUpdatePolicy: {
    met: nothing('To `Automatic`, while the instance has one of the images.'),
    unmet: provision('To `Automatic`, while the instance has an older image.'),
    back: nothing('To `OnLaunch`.'),
  },
  capacityTypes: {
    added: nextLaunch('A type added.'),
    removed: nextLaunch('The type that the instance has removed.', 'An instance that serves stays valid.'),
    order: nextLaunch('Another order.'),
  },
  publicIPAddress: { other: nextLaunch('Another value.') },
  instanceProfile: {
    set: provision('Set, or another one.'),
    removed: provision('Removed.', 'The instance would keep rights that the class no longer gives.'),
  },
  tags: {
    other: nextLaunch('Any.', 'Tags are for accounts and searches; the agent does not depend on them.'),
  },
  userData: { other: provision('Another script, or none.', 'It runs at first boot only.') },
  startupTimeoutSeconds: { other: nextLaunch('Another value.', 'A deadline is set with its launch.') },
  agentHosts: { other: nothing('Any.', 'The gateway asks the class each time.') },
  stopBehavior: { other: nothing('Another value.') },
  maxInstances: { other: nothing('Another value.', 'Lowering it ends nothing.') },
  maxInstancesPerNamespace: { other: nothing('Another value.', 'Lowering it ends nothing.') },
} satisfies Rows<Exclude<keyof Class, NestedOfClass>>;

type NestedOfClass =
  | 'allowedNamespaces'
  | 'images'
  | 'instanceTypes'
  | 'subnets'
  | 'securityGroups'
  | 'rootVolume'
  | 'heartbeat'
  | 'rollout'
  | 'repair'
  | 'requests';

const OF_TERMS = {
  'images.architecture': { added: nothing('An image for another architecture added.') },
  'images.id': {
    onLaunch: nextLaunch('Another image, with `imageUpdatePolicy: OnLaunch`.'),
    automatic: provision('Another image, with `imageUpdatePolicy: Automatic`.'),
  },
  'images.ssmParameter': {
    onLaunch: nextLaunch('Another image, with `imageUpdatePolicy: OnLaunch`.'),
    automatic: provision('Another image, with `imageUpdatePolicy: Automatic`.'),
  },
  'instanceTypes.name': {
    added: nextLaunch('A type added.'),
    removed: nextLaunch('The type that the instance has removed.', 'An instance that serves stays valid.'),
    order: nextLaunch('Another order.'),
  },
  'instanceTypes.architecture': { other: nextLaunch('Another value.') },
  'subnets.id': {
    added: nextLaunch('A subnet added.'),
    removed: nextLaunch(
      'The subnet that the instance is in removed.',
      'An instance that serves stays valid.',
    ),
  },
  'subnets.tags': {
    added: nextLaunch('A term added.'),
    order: nextLaunch('Terms in another order.'),
  },
  'securityGroups.id': {
    same: nothing('The id of a group that the instance has.'),
    other: provision('The id of another group.'),
    removed: provision('A group that the instance has removed.'),
  },
  'securityGroups.tags': {
    same: nothing('A term that selects groups which the instance has.'),
    other: provision('A term that selects another group.'),
    order: nothing('Terms in another order.'),
  },
} satisfies Rows<
  | Within<'images', Class['images'][number]>
  | Within<'instanceTypes', Class['instanceTypes'][number]>
  | Within<'subnets', Class['subnets'][number]>
  | Within<'securityGroups', Class['securityGroups'][number]>
>;

const OF_ROOT_VOLUME = {
  'rootVolume.sizeGiB': {
    larger: provision('Larger.'),
    smaller: nextLaunch('Smaller.', 'A larger volume does what a smaller one does.'),
  },
  'rootVolume.type': { other: provision('Another type.') },
  'rootVolume.iops': {
    more: provision('More than the volume has.'),
    fewer: nextLaunch('Fewer, or none given.', 'A faster volume does what a slower one does.'),
    baseline: nothing('As many as every gp3 volume has.'),
  },
  'rootVolume.throughput': {
    more: provision('More than the volume has.'),
    less: nextLaunch('Less, or none given.', 'A faster volume does what a slower one does.'),
    baseline: nothing('As much as every gp3 volume has.'),
  },
  'rootVolume.kmsKeyID': {
    other: provision('Set, or another key.'),
    same: nothing('The same key’s id instead of its ARN, or the other way round.'),
    removed: nextLaunch('Removed.', 'The volume stays encrypted.'),
  },
} satisfies Rows<Within<'rootVolume', Class['rootVolume']>>;

const OF_POLICIES = {
  'allowedNamespaces.from': { other: nothing('Another value.', 'It decides about launches.') },
  'allowedNamespaces.selector': { other: nothing('Another selector.', 'It decides about launches.') },
  'heartbeat.periodSeconds': {
    other: nothing('Another value.', 'The agent learns it with its next heartbeat.'),
  },
  'heartbeat.timeoutSeconds': { other: nothing('Another value.') },
  'rollout.debounceSeconds': { other: nothing('Another value.') },
  'rollout.minIntervalSeconds': { other: nothing('Another value.') },
  'rollout.maxUnavailable': { other: nothing('Another value.') },
  'repair.policy': { other: nothing('Another value.') },
  'repair.afterSeconds': { other: nothing('Another value.') },
  'requests.resume': { other: nothing('A new value.', 'What was halted goes on.') },
} satisfies Rows<
  | Within<'allowedNamespaces', Class['allowedNamespaces']>
  | Within<'heartbeat', Class['heartbeat']>
  | Within<'rollout', Class['rollout']>
  | Within<'repair', Class['repair']>
  | Within<'requests', Class['requests']>
>;

/** All edits of a class's spec. */
export const CLASS_EDITS = { ...OF_CLASS, ...OF_TERMS, ...OF_ROOT_VOLUME, ...OF_POLICIES };

/** `field: edit`, of a table of edits. */
export type EditName<Table> = {
  [Field in keyof Table & string]: `${Field}: ${keyof Table[Field] & string}`;
}[keyof Table & string];
