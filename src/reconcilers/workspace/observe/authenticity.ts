import type { Workspace, WorkspaceStatus } from '../../../api/kinds/workspace.ts';
import { type ArmedLaunch, isAuthentic, signLaunch } from '../../../api/launch/launchMac.ts';
import type { WorkspaceDeps } from '../context/deps.ts';
import type { Decision } from '../decide/facts/decision.ts';

type Keys = Pick<WorkspaceDeps, 'clusterID' | 'launchKeys'>;

/** The decision with a MAC for the parameters of the launch that it arms: none is made for any other. */
export function withMac(deps: Keys, { metadata }: Workspace, decision: Decision): Decision {
  const { effect, status } = decision;
  if (effect?.kind !== 'RunInstances' || !effect.armed) return decision;
  const armed = armedLaunch(deps, metadata.uid, status);
  if (!armed || !status.launch) return decision;
  const mac = signLaunch(deps.launchKeys.current('launch'), armed);
  return {
    ...decision,
    status: { ...status, launch: { ...status.launch, params: { ...armed.params, mac } } },
  };
}

/** Whether we armed the launch on record, at that time and with these parameters. */
export function paramsAuthentic(deps: Keys, { metadata, status }: Workspace): boolean {
  const armed = status && armedLaunch(deps, metadata.uid, status);
  return armed !== undefined && isAuthentic((id) => deps.launchKeys.get('launch', id), armed);
}

function armedLaunch({ clusterID }: Keys, uid: string, { launch }: WorkspaceStatus): ArmedLaunch | undefined {
  const { number, params, submittedAt } = launch ?? {};
  if (number === undefined || !params || submittedAt === undefined) return undefined;
  return { clusterID, uid, number, submittedAt, params };
}
