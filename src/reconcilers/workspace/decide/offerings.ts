import { createHash } from 'node:crypto';
import { DEFAULT_ARCHITECTURE } from '../../../api/classParts.ts';
import type { LaunchParams, WorkspaceSpec } from '../../../api/workspace.ts';
import type { WorkspaceClassSpec } from '../../../api/workspaceClass.ts';
import type { Offering, ResolutionFact } from './facts.ts';

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
        architecture: type.architecture ?? DEFAULT_ARCHITECTURE,
        subnetID: subnet.id,
        zone: subnet.zone,
        capacityType,
      })),
    ),
  );
}

/** The candidate without what differs from Workspace to Workspace, so that one dry run answers for a whole class. */
export function fingerprint(params: LaunchParams): string {
  const { tags: _tags, userData: _userData, request, ...shape } = params;
  return createHash('sha256')
    .update(JSON.stringify({ ...shape, version: request?.version }))
    .digest('hex');
}
