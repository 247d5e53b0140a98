import type { InstanceState } from '../../../src/ec2/calls/port.ts';
import { CloudError, missingParameter } from '../base/errors.ts';
import { currentState, type InstanceRecord, type StateReason } from '../base/model.ts';
import { tagMap } from '../base/tags.ts';
import type { Cloud } from '../cloud/state.ts';
import { instancesByID } from './describe.ts';

export interface PowerInput {
  ids: readonly string[];
  dryRun: boolean;
}

export interface StateChange {
  id: string;
  previous: InstanceState;
  current: InstanceState;
}

const USER_TERMINATED: StateReason = {
  code: 'Client.UserInitiatedShutdown',
  message: 'Client.UserInitiatedShutdown: User initiated shutdown',
};

/**
 * TerminateInstances: all of them or, when one doesn't exist, none; ending the ended changes nothing.
 * @throws CloudError InvalidInstanceID.NotFound, InvalidInstanceID.Malformed, DryRunOperation
 */
export function terminateInstances(cloud: Cloud, input: PowerInput): StateChange[] {
  return change(cloud, input, (instance, state) => {
    if (state === 'shutting-down' || state === 'terminated') return;
    cloud.ledger.termination({ instanceID: instance.id, tags: tagMap(instance.tags) });
    instance.transitionReason = `User initiated (${stamp(cloud)})`;
    cloud.lifecycle.enter(instance, 'shutting-down', USER_TERMINATED);
  });
}

/** @throws CloudError IncorrectInstanceState unless each one runs or is stopped; UnsupportedOperation for Spot. */
export function stopInstances(cloud: Cloud, input: PowerInput): StateChange[] {
  return change(
    cloud,
    input,
    (instance, state) => {
      if (state !== 'running') return;
      instance.transitionReason = `User initiated (${stamp(cloud)})`;
      cloud.lifecycle.enter(instance, 'stopping', USER_TERMINATED);
    },
    (instance, state) => {
      if (!['running', 'stopping', 'stopped'].includes(state))
        throw incorrectState(instance, state, 'stopped');
      if (instance.spot)
        throw new CloudError(
          'UnsupportedOperation',
          `You can't stop the Spot Instance '${instance.id}' because it is associated with a one-time Spot Instance request.`,
        );
    },
  );
}

/** @throws CloudError IncorrectInstanceState unless each one is stopped or runs; InsufficientInstanceCapacity. */
export function startInstances(cloud: Cloud, input: PowerInput): StateChange[] {
  return change(
    cloud,
    input,
    (instance, state) => {
      if (state !== 'stopped') return;
      cloud.capacity.spend(instance);
      instance.launchTime = cloud.clock.now();
      instance.transitionReason = '';
      instance.stateReason = undefined;
      // A start may choose other hardware, and EC2's guide recommends just that.
      if (instance.impaired === 'system') instance.impaired = false;
      cloud.lifecycle.enter(instance, 'pending');
    },
    (instance, state) => {
      if (!['stopped', 'pending', 'running'].includes(state))
        throw incorrectState(instance, state, 'started');
      if (state === 'stopped') cloud.capacity.check(instance);
    },
  );
}

/** Ends an instance as AWS or the instance itself would: no call asked for it. */
export function endSpontaneously(cloud: Cloud, id: string, reason: StateReason): void {
  const instance = cloud.instances.get(id);
  if (instance === undefined)
    throw new CloudError('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
  if (['shutting-down', 'terminated'].includes(currentState(instance))) return;
  instance.transitionReason = `${reason.code} (${stamp(cloud)})`;
  cloud.lifecycle.enter(instance, 'shutting-down', reason);
}

function change(
  cloud: Cloud,
  input: PowerInput,
  act: (instance: InstanceRecord, state: InstanceState) => void,
  check: (instance: InstanceRecord, state: InstanceState) => void = () => {},
): StateChange[] {
  if (input.ids.length === 0) throw missingParameter('InstanceId');
  const instances = instancesByID(cloud, input.ids);
  for (const instance of instances) check(instance, currentState(instance));
  if (input.dryRun)
    throw new CloudError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.');
  return instances.map((instance) => {
    const previous = currentState(instance);
    act(instance, previous);
    return { id: instance.id, previous, current: currentState(instance) };
  });
}

function incorrectState(instance: InstanceRecord, state: InstanceState, verb: string): CloudError {
  return new CloudError(
    'IncorrectInstanceState',
    `The instance '${instance.id}' is not in a state from which it can be ${verb} (it is ${state}).`,
  );
}

const stamp = (cloud: Cloud) =>
  `${new Date(cloud.clock.now()).toISOString().slice(0, 19).replace('T', ' ')} GMT`;
