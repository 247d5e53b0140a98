import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import { signLaunch } from '../../../src/api/launch/launchMac.ts';
import type { WorkspaceDeps } from '../../../src/reconcilers/workspace/context/deps.ts';

/** The Workspace as the operator with these keys leaves it: with a MAC for the parameters of its launch. */
export function signed(
  { clusterID, launchKeys }: Pick<WorkspaceDeps, 'clusterID' | 'launchKeys'>,
  workspace: Workspace,
): Workspace {
  const { number, params, submittedAt } = workspace.status?.launch ?? {};
  if (!workspace.status?.launch || number === undefined || !params || submittedAt === undefined)
    return workspace;
  const claim = { clusterID, uid: workspace.metadata.uid, number, submittedAt, params };
  const mac = signLaunch(launchKeys.current('launch'), claim);
  const launch = { ...workspace.status.launch, params: { ...params, mac } };
  return { ...workspace, status: { ...workspace.status, launch } };
}
