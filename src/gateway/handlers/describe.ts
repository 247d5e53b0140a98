import { classNameOf } from '../../api/kinds/room.ts';
import type { Workspace } from '../../api/kinds/workspace.ts';
import { GatewayError } from '../base/errors.ts';
import { type Judgement, judgeAvailability } from '../heartbeats/availability.ts';
import type { GatewayParts } from '../http/parts.ts';
import { agentURL } from '../served/agentURL.ts';
import { type LaunchRecord, StoreUnavailable } from '../store/heartbeatStore.ts';

export interface WorkspaceView extends Judgement {
  namespace: string;
  name: string;
  uid: string;
  /** EC2's own word beside the judgement. */
  instance?: { id: string; state: string };
  launch?: { number: number; phase: string };
  /** The URL at which the agent serves, as it reports it. */
  url?: string;
  /** Why the gateway does not pass the agent's URL on. */
  urlWithheld?: string;
}

/** Answers pollers and proxies: is it there, and if not, is it coming back? */
export async function describeWorkspace(
  parts: GatewayParts,
  { namespace, name }: { namespace: string; name: string },
): Promise<WorkspaceView> {
  const workspace = parts.workspaces.get(`${namespace}/${name}`);
  if (!workspace) throw new GatewayError('not_found');
  const { launch, instance } = workspace.status ?? {};
  const evidence = launch && (await findEvidence(parts, workspace.metadata.uid, launch.number));
  return {
    namespace,
    name,
    uid: workspace.metadata.uid,
    ...judgeAvailability(workspace, evidence),
    ...(instance && { instance: { id: instance.id, state: instance.state } }),
    ...(launch && { launch: { number: launch.number, phase: launch.phase } }),
    ...(typeof evidence === 'object' && urlOf(parts, workspace, evidence)),
  };
}

function urlOf(
  { classes }: GatewayParts,
  workspace: Workspace,
  { url: said }: LaunchRecord,
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
