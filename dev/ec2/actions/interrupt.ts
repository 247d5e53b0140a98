import { CloudError } from '../base/errors.ts';
import { currentState, type InstanceRecord, type StateReason } from '../base/model.ts';
import type { Cloud } from '../cloud/state.ts';

const TAKEN_BACK: StateReason = {
  code: 'Server.SpotInstanceTermination',
  message: 'Server.SpotInstanceTermination: Spot instance termination',
};

/** @throws CloudError unless it is a Spot instance that runs. */
export function interruptSpot(cloud: Cloud, instance: InstanceRecord): void {
  if (!instance.spot)
    throw new CloudError('InvalidParameterValue', `${instance.id} is On-Demand: only Spot is interrupted.`);
  const state = currentState(instance);
  if (state !== 'running')
    throw new CloudError('IncorrectInstanceState', `${instance.id} is ${state}; interrupt it while it runs.`);
  if (instance.interruption !== undefined) return;
  const notice = cloud.timings.interruptionNotice;
  instance.interruption = { action: 'terminate', at: cloud.clock.now() + notice };
  cloud.events.interruption(instance.id);
  cloud.lifecycle.shutDownIn(instance, notice, TAKEN_BACK);
}
