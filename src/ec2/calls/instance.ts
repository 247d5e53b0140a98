import type { Instance as SdkInstance, InstanceStatus as SdkStatus } from '@aws-sdk/client-ec2';
import { CODE, ec2Failure } from './errors.ts';
import type { Instance, InstanceState, InstanceStatus } from './port.ts';

const STATES: ReadonlySet<unknown> = new Set<InstanceState>([
  'pending',
  'running',
  'shutting-down',
  'terminated',
  'stopping',
  'stopped',
]);

/** An instance as the SDK parsed it, in our words. @throws Ec2Failure (ambiguous) when it lacks its id or state. */
export function toInstance(action: string, sdk: SdkInstance): Instance {
  const { InstanceId: id, State } = sdk;
  const state = State?.Name;
  if (!id || !isInstanceState(state)) {
    throw ec2Failure({
      class: 'ambiguous',
      code: CODE.badAnswer,
      action,
      detail: `the answer holds an instance (${id ?? 'without id'}) in no state that is known (${state ?? 'none'})`,
    });
  }
  const stateReason = reason(sdk);
  // Copied, for an array that grew keeps room for 16 more.
  const groups = (sdk.SecurityGroups ?? []).flatMap(({ GroupId }) => GroupId || []).slice();
  return {
    id,
    state,
    type: sdk.InstanceType ?? '',
    zone: sdk.Placement?.AvailabilityZone ?? '',
    ...(sdk.ImageId ? { imageID: sdk.ImageId } : {}),
    // EC2 names no lifecycle for an instance on demand.
    capacityType: sdk.InstanceLifecycle === 'spot' ? 'Spot' : 'OnDemand',
    ...(groups.length > 0 ? { securityGroupIDs: groups, instanceProfile: profileOf(sdk) } : {}),
    ...(sdk.SubnetId ? { subnetID: sdk.SubnetId } : {}),
    ...(sdk.PrivateIpAddress ? { privateIP: sdk.PrivateIpAddress } : {}),
    ...(sdk.ClientToken ? { clientToken: sdk.ClientToken } : {}),
    ...(sdk.LaunchTime ? { launchTime: sdk.LaunchTime.toISOString() } : {}),
    ...(sdk.StateReason?.Code ? { stateReasonCode: sdk.StateReason.Code } : {}),
    ...(stateReason ? { stateReason } : {}),
    tags: Object.freeze(
      Object.fromEntries((sdk.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
    ),
  };
}

/** The status checks of an instance as the SDK parsed them. @throws Ec2Failure (ambiguous) when it lacks its id. */
export function toInstanceStatus(action: string, sdk: SdkStatus): InstanceStatus {
  if (!sdk.InstanceId) {
    const detail = 'the answer holds status checks of an instance without id';
    throw ec2Failure({ class: 'ambiguous', code: CODE.badAnswer, action, detail });
  }
  return {
    id: sdk.InstanceId,
    instance: sdk.InstanceStatus?.Status ?? 'not-applicable',
    system: sdk.SystemStatus?.Status ?? 'not-applicable',
  };
}

/** The name is the end of the ARN, after its path (IAM User Guide, "IAM ARNs"). */
function profileOf({ IamInstanceProfile }: SdkInstance): string {
  return IamInstanceProfile?.Arn?.split('/').at(-1) ?? '';
}

export function isInstanceState(state: unknown): state is InstanceState {
  return STATES.has(state);
}

/** `Server.SpotInstanceTermination: … (User initiated …)`: code and message, then the transition when it says more. */
function reason(sdk: SdkInstance): string {
  const { StateReason, StateTransitionReason: transition } = sdk;
  const code = StateReason?.Code ?? '';
  const message = StateReason?.Message ?? '';
  const said = message.startsWith(code) ? message : [code, message].filter(Boolean).join(': ');
  return [said, transition && `(${transition})`].filter(Boolean).join(' ');
}
