import { createHash } from 'node:crypto';
import { DEFAULT_ARCHITECTURE } from '../../../../api/kinds/classParts.ts';
import type { LaunchParams, WorkspaceSpec } from '../../../../api/kinds/workspace.ts';
import type { WorkspaceClassSpec } from '../../../../api/kinds/workspaceClass.ts';
import { TAG } from '../../../../api/launch/tags.ts';
import type { ResolutionFact } from '../facts/facts.ts';
import type { Offering } from '../facts/offeringFacts.ts';

type Resolved = Extract<ResolutionFact, { ok: true }>;

/**
 * All offerings that the class allows, best first: capacity types and instance types in the class's order,
 * zones in an order of the Workspace's own, so that many Workspaces spread and one is always asked alike.
 */
export function rankOfferings(
  spec: WorkspaceSpec,
  klass: WorkspaceClassSpec,
  resolved: Resolved,
  uid: string,
): Offering[] {
  const types = spec.instanceType
    ? klass.instanceTypes.filter((type) => type.name === spec.instanceType)
    : klass.instanceTypes;
  const subnets = resolved.subnets
    .map((subnet) => ({ subnet, rank: createHash('sha256').update(`${uid}/${subnet.id}`).digest('hex') }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return klass.capacityTypes.flatMap((capacityType) =>
    types.flatMap((type) =>
      subnets.map(({ subnet }) => ({
        instanceType: type.name,
        architecture: architectureOf(type),
        subnetID: subnet.id,
        zone: subnet.zone,
        capacityType,
        imageID: resolved.images.find(({ architecture }) => architecture === architectureOf(type))?.id,
      })),
    ),
  );
}

function architectureOf({ architecture }: WorkspaceClassSpec['instanceTypes'][number]) {
  return architecture ?? DEFAULT_ARCHITECTURE;
}

const ITS_OWN: ReadonlySet<string> = new Set(Object.values(TAG));

/**
 * Names a launch's request but for what differs from Workspace to Workspace, so that one dry run answers for all that
 * would send the same. All that a class brings is in it: EC2 judges tags and user data as well.
 */
export function fingerprint({ tags, request, ...shape }: LaunchParams): string {
  const shared = tags.filter((tag) => !ITS_OWN.has(tag.key) && !isDefaultName(tag, tags));
  return createHash('sha256')
    .update(JSON.stringify({ ...shape, tags: shared, version: request?.version }))
    .digest('hex');
}

/** The name that a Workspace's instance gets where the class gives none. */
export function defaultName(namespace: string, name: string): string {
  return `${namespace}/${name}`.slice(0, 256);
}

function isDefaultName({ key, value }: LaunchParams['tags'][number], tags: LaunchParams['tags']): boolean {
  const said = (which: string) => tags.find((tag) => tag.key === which)?.value ?? '';
  return key === 'Name' && value === defaultName(said(TAG.namespace), said(TAG.name));
}
