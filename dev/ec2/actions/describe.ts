import type { Filter, InstanceState } from '../../../src/ec2/calls/port.ts';
import { CloudError, invalidValue } from '../base/errors.ts';
import { type Fields, matcher } from '../base/filters.ts';
import { currentState, type InstanceRecord, stateAt } from '../base/model.ts';
import { draw } from '../base/timings.ts';
import type { Cloud } from '../cloud/state.ts';

/** An instance as one answer shows it: its state may be older than the truth. */
export interface InstanceView {
  instance: InstanceRecord;
  state: InstanceState;
}

export interface DescribeInput {
  ids: readonly string[];
  filters: readonly Filter[];
  /** 5 to 1,000; without it everything comes in one answer. */
  maxResults?: number;
  nextToken?: string;
}

const FIELDS: Fields<InstanceView> = {
  'availability-zone': ({ instance }) => [instance.zone],
  'client-token': ({ instance }) => (instance.clientToken === undefined ? [] : [instance.clientToken]),
  'image-id': ({ instance }) => [instance.imageID],
  'instance-id': ({ instance }) => [instance.id],
  'instance-state-name': ({ state }) => [state],
  'instance-type': ({ instance }) => [instance.type],
  'private-ip-address': ({ instance }) => [instance.privateIP],
  'reservation-id': ({ instance }) => [instance.reservationID],
  'subnet-id': ({ instance }) => [instance.subnetID],
  'vpc-id': ({ instance }) => [instance.vpcID],
};

/**
 * DescribeInstances as of a moment that lies `readLag` back, without what can't be seen yet, or any more.
 * @throws CloudError InvalidInstanceID.NotFound or .Malformed; InvalidParameterCombination, InvalidParameterValue.
 */
export function describeInstances(
  cloud: Cloud,
  input: DescribeInput,
): { items: InstanceView[]; nextToken?: string } {
  const { ids, filters, maxResults } = input;
  if (ids.length > 0 && (maxResults !== undefined || input.nextToken !== undefined))
    throw new CloudError(
      'InvalidParameterCombination',
      'The parameter instancesSet cannot be used with the parameter maxResults',
    );
  if (maxResults !== undefined && (!Number.isInteger(maxResults) || maxResults < 5 || maxResults > 1000))
    throw invalidValue(
      `Value ( ${maxResults} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.`,
    );
  const after = input.nextToken === undefined ? 0 : positionOf(input.nextToken);
  const asOf = cloud.clock.monotonic() - draw(cloud.random, cloud.timings.readLag);
  const view = (instance: InstanceRecord) => viewOf(cloud, instance, asOf);
  const visible =
    ids.length > 0 ? byID(cloud, ids, view) : [...cloud.instances.values()].flatMap((i) => view(i) ?? []);
  const matches = matcher(filters, FIELDS, ({ instance }) => instance.tags);
  const found = visible.filter((item) => item.instance.sequence > after && matches(item));
  const items = found.slice(0, maxResults);
  const last = items.at(-1);
  if (last === undefined || items.length === found.length) return { items };
  return { items, nextToken: tokenOf(last.instance.sequence) };
}

/**
 * Finds instances that an action names; what is too new to be seen is NotFound here too, as it is in EC2.
 * @throws CloudError InvalidInstanceID.NotFound naming every one that is missing, InvalidInstanceID.Malformed
 */
export function instancesByID(cloud: Cloud, ids: readonly string[]): InstanceRecord[] {
  const find = (instance: InstanceRecord) => (exists(cloud, instance) ? instance : undefined);
  return byID(cloud, ids, find);
}

function byID<T>(
  cloud: Cloud,
  ids: readonly string[],
  find: (instance: InstanceRecord) => T | undefined,
): T[] {
  const found: T[] = [];
  const missing: string[] = [];
  for (const id of new Set(ids)) {
    if (!/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id))
      throw new CloudError('InvalidInstanceID.Malformed', `Invalid id: "${id}"`);
    const instance = cloud.instances.get(id);
    const item = instance && find(instance);
    if (item === undefined) missing.push(id);
    else found.push(item);
  }
  if (missing.length > 0)
    throw new CloudError(
      'InvalidInstanceID.NotFound',
      missing.length === 1
        ? `The instance ID '${missing[0]}' does not exist`
        : `The instance IDs '${missing.join(', ')}' do not exist`,
    );
  return found;
}

function exists(cloud: Cloud, instance: InstanceRecord): boolean {
  const now = cloud.clock.monotonic();
  const last = instance.phases.at(-1);
  const faded = last?.state === 'terminated' && now - last.at >= cloud.timings.terminatedVisible;
  return now >= instance.visibleAt && !faded;
}

function viewOf(cloud: Cloud, instance: InstanceRecord, asOf: number): InstanceView | undefined {
  if (!exists(cloud, instance) || cloud.clock.monotonic() < instance.hiddenUntil) return undefined;
  return { instance, state: stateAt(instance, asOf) ?? instance.phases[0]?.state ?? currentState(instance) };
}

const tokenOf = (sequence: number) => Buffer.from(`after ${sequence}`).toString('base64url');

function positionOf(token: string): number {
  const position = /^after (\d+)$/.exec(Buffer.from(token, 'base64url').toString())?.[1];
  if (position === undefined) throw new CloudError('InvalidNextToken', 'The specified token is not valid.');
  return Number(position);
}
