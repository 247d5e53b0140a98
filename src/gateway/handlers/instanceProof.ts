import type { Workspace } from '../../api/kinds/workspace.ts';
import { GatewayError } from '../base/errors.ts';
import type { GatewayParts } from '../http/parts.ts';
import type { LaunchRecord } from '../store/heartbeatStore.ts';

/** The part of a bootstrap request that identifies the instance. */
export interface InstanceProof {
  /** The instance identity document, byte for byte. */
  document?: string;
  /** Base64. */
  signature?: string;
  /** The session credential of an earlier bootstrap, as verified. */
  session?: string;
}

/** The last version of the boot stub whose agents show no document once they have a session. */
const LAST_STUB_WITHOUT_DOCUMENT = 1;

/**
 * Whether EC2's signed document proves that the sender is the launch's instance. False only for a session alone of a
 * launch that an earlier release armed: its agent can't show the document again.
 * @throws GatewayError unless the sender is that instance
 */
export function provesInstance(parts: GatewayParts, proof: InstanceProof, workspace: Workspace): boolean {
  const { document, signature, session } = proof;
  const { launch } = workspace.status ?? {};
  if (document === undefined && session !== undefined && isOfEarlierRelease(launch)) return false;
  const identity =
    document !== undefined && signature !== undefined
      ? parts.verifyIdentity({ document: Buffer.from(document), signature })
      : undefined;
  if (!identity) throw new GatewayError('identity_invalid');
  const { accountID, region } = parts.identityScope ?? {};
  if (accountID !== undefined && identity.accountId !== accountID)
    throw new GatewayError('identity_mismatch', ['document: accountId is not the one of the settings']);
  if (region !== undefined && identity.region !== region)
    throw new GatewayError('identity_mismatch', ['document: region is not the one of the settings']);
  // The instance can be quicker than the status that records it.
  if (launch?.instanceID === undefined) throw new GatewayError('instance_unknown');
  if (identity.instanceId !== launch.instanceID) throw new GatewayError('identity_mismatch');
  return true;
}

/** Releases whose agents always show the document put a MAC on each launch that they arm, with any stub. */
function isOfEarlierRelease(launch: NonNullable<Workspace['status']>['launch']): boolean {
  const { userData, mac } = launch?.params ?? {};
  return mac === undefined && userData !== undefined && userData.stub <= LAST_STUB_WITHOUT_DOCUMENT;
}

/**
 * Whether the launch's ticket is used up, by the row or by the status: a lost row (a database that
 * was set up again, a launch that slept past the retention) makes no ticket valid again.
 */
export function isTicketSpent({ status }: Workspace, record: LaunchRecord | undefined): boolean {
  const { launch, instance } = status ?? {};
  if (record?.firstHeartbeatAt !== undefined) return true;
  if (launch?.readyAt !== undefined || (launch?.after?.boot ?? 0) > 0) return true;
  const holds = instance !== undefined && instance.id === launch?.instanceID && instance.env !== undefined;
  return holds && record?.env === undefined;
}
