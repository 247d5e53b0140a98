import { type Judgement, judgeAvailability } from '../availability.ts';
import { GatewayError } from '../errors.ts';
import { type LaunchRecord, StoreUnavailable } from '../heartbeatStore.ts';
import type { GatewayParts } from '../parts.ts';

export interface WorkspaceView extends Judgement {
  namespace: string;
  name: string;
  uid: string;
  /** EC2's own word beside the judgement. */
  instance?: { id: string; state: string };
  launch?: { number: number; phase: string };
  /** Where the agent says that it serves. */
  url?: string;
}

/** What pollers and proxies ask: is it there, and if not, is it coming back? */
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
    ...(typeof evidence === 'object' && evidence.url !== undefined && { url: evidence.url }),
  };
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
