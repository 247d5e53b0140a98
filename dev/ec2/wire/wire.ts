import type { Filter } from '../../../src/ec2/calls/port.ts';
import type { InstanceView } from '../actions/describe.ts';
import { type Operation, operations } from '../actions/operations.ts';
import type { PowerInput, StateChange } from '../actions/power.ts';
import { CloudError } from '../base/errors.ts';
import { STATE_CODE, type Tag } from '../base/model.ts';
import type { Params } from '../base/params.ts';
import type { Xml } from '../base/xml.ts';
import { type Delivery, exchange, type Service } from '../exchange/exchange.ts';
import { decodeRun, decodeTag } from './wireRun.ts';

export type XmlBody = { readonly [name: string]: Xml };
type Handler = (service: Service, params: Params, gaveUp: AbortSignal) => Promise<Delivery<XmlBody>>;

const RUNNING_LIKE = new Set(['pending', 'running', 'stopping', 'stopped', 'shutting-down']);

function wired<I, O>(
  operation: Operation<I, O>,
  decode: (params: Params) => I,
  encode: (output: O, service: Service, input: I) => XmlBody,
): [string, Handler] {
  const handler: Handler = async (service, params, gaveUp) => {
    const input = decode(params);
    params.finish();
    const delivery = await exchange(service, operation, input, gaveUp);
    if (delivery.kind !== 'value') return delivery;
    return { kind: 'value', value: encode(delivery.value, service, input) };
  };
  return [operation.action, handler];
}

const power = (operation: Operation<PowerInput, StateChange[]>) =>
  wired(
    operation,
    (params) => ({ ids: params.list('InstanceId'), dryRun: params.flag('DryRun') ?? false }),
    (changes) => ({
      instancesSet: changes.map((change) => ({
        instanceId: change.id,
        currentState: stateXml(change.current),
        previousState: stateXml(change.previous),
      })),
    }),
  );

/** Every action of the Query protocol that this cloud knows. */
export const ACTIONS: ReadonlyMap<string, Handler> = new Map([
  wired(operations.runInstances, decodeRun, (view, service) => reservationXml(view, service)),
  power(operations.terminateInstances),
  power(operations.stopInstances),
  power(operations.startInstances),
  wired(
    operations.describeInstances,
    (params) => ({ ...query(params, 'InstanceId'), ...decodePage(params) }),
    ({ items, nextToken }, service) => ({
      reservationSet: items.map((view) => reservationXml(view, service)),
      nextToken,
    }),
  ),
  wired(
    operations.describeInstanceStatus,
    (params) => ({
      ...query(params, 'InstanceId'),
      ...decodePage(params),
      includeAll: params.flag('IncludeAllInstances') ?? false,
    }),
    (views, _service, input) => ({
      ...paged('instanceStatusSet', views, input, ({ instance, state, checks }) => ({
        instanceId: instance.id,
        availabilityZone: instance.zone,
        instanceState: stateXml(state),
        systemStatus: checkXml(checks.system),
        instanceStatus: checkXml(checks.instance),
      })),
    }),
  ),
  wired(
    operations.describeSubnets,
    (params) => ({ ...query(params, 'SubnetId'), ...decodePage(params) }),
    (subnets, _service, input) => ({
      ...paged('subnetSet', subnets, input, (subnet) => ({
        subnetId: subnet.id,
        state: 'available',
        vpcId: subnet.vpcID,
        availabilityZone: subnet.zone,
        cidrBlock: `10.0.${subnet.block}.0/20`,
        availableIpAddressCount: subnet.availableAddresses,
        tagSet: tagsXml(subnet.tags),
      })),
    }),
  ),
  wired(
    operations.describeSecurityGroups,
    (params) => ({ ...query(params, 'GroupId'), ...decodePage(params) }),
    (groups, _service, input) => ({
      ...paged('securityGroupInfo', groups, input, (group) => ({
        groupId: group.id,
        groupName: group.name,
        vpcId: group.vpcID,
        tagSet: tagsXml(group.tags),
      })),
    }),
  ),
  wired(
    operations.describeImages,
    (params) => {
      params.rest(['Owner', 'IncludeDeprecated', 'IncludeDisabled']);
      return { ...query(params, 'ImageId'), ...decodePage(params) };
    },
    (images, _service, input) => ({
      ...paged('imagesSet', images, input, (image) => ({
        imageId: image.id,
        name: image.name,
        imageState: image.state,
        architecture: image.architecture,
        rootDeviceName: image.rootDeviceName,
        rootDeviceType: 'ebs',
      })),
    }),
  ),
  wired(
    operations.getConsoleOutput,
    (params) => {
      params.flag('Latest');
      return params.text('InstanceId') ?? '';
    },
    (output, { cloud }, id) => ({
      instanceId: id,
      timestamp: new Date(cloud.clock.now()).toISOString(),
      output: output === '' ? undefined : Buffer.from(output).toString('base64'),
    }),
  ),
  wired(
    operations.createTags,
    (params) => ({
      ids: params.list('ResourceId'),
      tags: params.groups('Tag').map(decodeTag),
      dryRun: params.flag('DryRun') ?? false,
    }),
    () => ({ return: true }),
  ),
]);

function query(params: Params, idName: string): { ids: string[]; filters: Filter[] } {
  if (params.flag('DryRun'))
    throw new CloudError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.');
  const filters = params.groups('Filter').map((filter) => ({
    name: filter.text('Name') ?? '',
    values: filter.list('Value'),
  }));
  return { ids: params.list(idName), filters };
}

interface Page {
  maxResults?: number;
  nextToken?: string;
}

function decodePage(params: Params): Page {
  const [maxResults, nextToken] = [params.number('MaxResults'), params.text('NextToken')];
  return { ...(maxResults !== undefined && { maxResults }), ...(nextToken !== undefined && { nextToken }) };
}

/** Pages over what never changes; instances, which do, have their own way. */
function paged<T>(name: string, items: readonly T[], page: Page, encode: (item: T) => Xml): XmlBody {
  const { maxResults = items.length, nextToken = '0' } = page;
  if (!/^\d+$/.test(nextToken)) throw new CloudError('InvalidNextToken', 'The specified token is not valid.');
  const end = Number(nextToken) + maxResults;
  return {
    [name]: items.slice(Number(nextToken), end).map(encode),
    nextToken: end < items.length ? String(end) : undefined,
  };
}

function reservationXml(view: InstanceView, { cloud }: Service): XmlBody {
  return {
    reservationId: view.instance.reservationID,
    ownerId: cloud.account.id,
    groupSet: [],
    instancesSet: [instanceXml(view, cloud.account.id)],
  };
}

function instanceXml({ instance, state }: InstanceView, account: string): Xml {
  const live = RUNNING_LIKE.has(state);
  return {
    instanceId: instance.id,
    imageId: instance.imageID,
    instanceState: stateXml(state),
    privateIpAddress: live ? instance.privateIP : undefined,
    reason: instance.transitionReason,
    clientToken: instance.clientToken,
    instanceType: instance.type,
    launchTime: new Date(instance.launchTime).toISOString(),
    placement: { availabilityZone: instance.zone, tenancy: 'default' },
    subnetId: live ? instance.subnetID : undefined,
    vpcId: live ? instance.vpcID : undefined,
    stateReason: instance.stateReason && { ...instance.stateReason },
    architecture: instance.architecture,
    rootDeviceType: 'ebs',
    rootDeviceName: instance.rootDeviceName,
    instanceLifecycle: instance.spot ? 'spot' : undefined,
    iamInstanceProfile: instance.instanceProfile && {
      arn: `arn:aws:iam::${account}:instance-profile/${instance.instanceProfile}`,
    },
    groupSet: live ? instance.securityGroupIDs.map((id) => ({ groupId: id })) : [],
    tagSet: tagsXml(instance.tags),
  };
}

const stateXml = (state: InstanceView['state']) => ({ code: STATE_CODE[state], name: state });
const tagsXml = (tags: readonly Tag[]) => tags.map(({ key, value }) => ({ key, value }));

function checkXml(status: string): Xml {
  if (status === 'not-applicable') return { status };
  const passed = status === 'ok' ? 'passed' : status === 'impaired' ? 'failed' : 'initializing';
  return { status, details: [{ name: 'reachability', status: passed }] };
}
