import { classNameOf } from '../../api/kinds/room.ts';
import type { Workspace } from '../../api/kinds/workspace.ts';
import { keyOf } from '../../controller/cache/store.ts';
import { GatewayError } from '../base/errors.ts';
import { judgeAvailability } from '../heartbeats/availability.ts';
import type { GatewayParts } from '../http/parts.ts';
import { agentURL } from '../served/agentURL.ts';
import type { LaunchEvidence } from '../store/evidence.ts';
import { type LaunchRecord, StoreUnavailable } from '../store/heartbeatStore.ts';
import type { WorkspaceView } from '../views/workspaceView.ts';

/** Answers pollers and proxies: is it there, and if not, is it coming back? */
export async function describeWorkspace(
  parts: GatewayParts,
  { namespace, name }: { namespace: string; name: string },
): Promise<WorkspaceView> {
  const workspace = parts.workspaces.get(keyOf(namespace, name));
  if (!workspace) throw new GatewayError('not_found');
  const launch = workspace.status?.launch;
  const evidence = launch && (await findEvidence(parts, workspace.metadata.uid, launch.number));
  return viewOf(parts, workspace, evidence);
}

/** @param evidence of the present launch; undefined for none, 'unavailable' while the database does not answer */
export function viewOf(
  parts: Pick<GatewayParts, 'classes'>,
  workspace: Workspace,
  evidence: LaunchEvidence | undefined | 'unavailable',
): WorkspaceView {
  const { namespace = '', name, uid } = workspace.metadata;
  const { launch, instance } = workspace.status ?? {};
  return {
    namespace,
    name,
    uid,
    ...judgeAvailability(workspace, evidence),
    ...(instance && { instance: { id: instance.id, state: instance.state } }),
    ...(launch && { launch: { number: launch.number, phase: launch.phase } }),
    ...(typeof evidence === 'object' && urlOf(parts, workspace, evidence)),
  };
}

function urlOf(
  { classes }: Pick<GatewayParts, 'classes'>,
  workspace: Workspace,
  { url: said }: LaunchEvidence,
): Pick<WorkspaceView, 'url' | 'urlWithheld'> {
  if (said === undefined) return {};
  const className = classNameOf(workspace);
  const url = agentURL(said, workspace, classes.get(className));
  if (url !== undefined) return { url };
  const urlWithheld = `The agent’s url is not http(s) to the instance’s own address or to a name in spec.agentHosts of WorkspaceClass "${className}"; add the name there, or have the agent say its address.`;
  return { urlWithheld };
}

async function findEvidence(
  parts: GatewayParts,
  uid: string,
  number: number,
): Promise<LaunchRecord | undefined | 'unavailable'> {
  try {
    return await parts.store.find({ uid, number });
  } catch (error) {
    if (error instanceof StoreUnavailable) return 'unavailable';
    throw error;
  }
}
