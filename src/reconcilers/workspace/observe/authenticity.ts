import type { Workspace, WorkspaceStatus } from '../../../api/kinds/workspace.ts';
import {
  type ArmedLaunch,
  isAuthentic,
  isRefusalAuthentic,
  isStatusAuthentic,
  signLaunch,
  signRefusal,
} from '../../../api/launch/launchMac.ts';
import type { WorkspaceDeps } from '../context/deps.ts';
import type { Decision } from '../decide/facts/decision.ts';

type Keys = Pick<WorkspaceDeps, 'clusterID' | 'launchKeys'>;

type Refusal = NonNullable<WorkspaceStatus['refusals']>[number];

/** The decision with a MAC for each thing that it says first, and that must not be believed of another: see below. */
export function withMacs(deps: Keys, workspace: Workspace, decision: Decision): Decision {
  return withLaunchMac(deps, workspace, withRefusalMacs(deps, workspace, decision));
}

/** A MAC for what EC2 refuses, as this decision notes it. What stood there before gets none: another may have written it. */
function withRefusalMacs(deps: Keys, { metadata, status }: Workspace, decision: Decision): Decision {
  const before = new Set(status?.refusals?.map(nameOf));
  const refusals = decision.status.refusals;
  if (!refusals?.some((it) => !before.has(nameOf(it)))) return decision;
  const { clusterID } = deps;
  const key = deps.launchKeys.current('launch');
  const signed = refusals.map((refusal) =>
    before.has(nameOf(refusal))
      ? refusal
      : { ...refusal, mac: signRefusal(key, { clusterID, uid: metadata.uid, refusal }) },
  );
  return { ...decision, status: { ...decision.status, refusals: signed } };
}

function nameOf({ mac: _, ...refusal }: Refusal): string {
  return JSON.stringify(Object.entries(refusal).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Whether an operator of this cluster noted the refusal for this Workspace. */
export function refusalAuthentic(deps: Keys, { metadata }: Workspace, refusal: Refusal): boolean {
  const noted = { clusterID: deps.clusterID, uid: metadata.uid, refusal };
  return isRefusalAuthentic((id) => deps.launchKeys.get('launch', id), noted);
}

/** Whether an operator of this cluster wrote the status as it stands. */
export function statusAuthentic(deps: Keys, { metadata, status }: Workspace): boolean {
  if (!status) return false;
  const written = { clusterID: deps.clusterID, uid: metadata.uid, status };
  return isStatusAuthentic((id) => deps.launchKeys.get('launch', id), written);
}

/** The parameters of the launch that the decision arms: none are signed for any other. */
function withLaunchMac(deps: Keys, { metadata }: Workspace, decision: Decision): Decision {
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
