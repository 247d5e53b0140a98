import type { BucketName } from '../../../src/ec2/calls/buckets.ts';
import type { Caller } from '../../../src/ec2/calls/call.ts';
import type { Ec2Calls, EffectOptions, Instance, RunRequest } from '../../../src/ec2/calls/port.ts';
import type { InstanceView } from '../actions/describe.ts';
import { type Operation, operations } from '../actions/operations.ts';
import type { RunInput } from '../base/model.ts';
import { tagMap } from '../base/tags.ts';
import { exchange, type Service } from './exchange.ts';

/**
 * The operator's port straight onto the cloud, without SDK and sockets. Faults come as an SDK would throw them, and
 * `caller` (src/ec2/calls/call.ts) makes of them what it makes of real ones: buckets, guard, time limit and classes are the
 * operator's own. `toRunInput` says what a launch's request is to the cloud.
 */
export function typedCalls(
  service: Service,
  caller: Caller,
  toRunInput: (request: RunRequest) => RunInput | Promise<RunInput> = plainRunInput,
): Ec2Calls {
  function run<I, O>(
    operation: Operation<I, O>,
    bucket: BucketName,
    input: I,
    options: EffectOptions = {},
  ): Promise<O> {
    return caller({
      ...options,
      action: operation.action,
      bucket,
      async send(signal, onSend) {
        onSend();
        const delivery = await exchange(service, operation, input, signal);
        if (delivery.kind === 'value') return delivery.value;
        if (delivery.kind === 'error') {
          const { code, message, status } = delivery.error;
          throw Object.assign(new Error(message), { name: code, $metadata: { httpStatusCode: status } });
        }
        if (delivery.how === 'reset')
          throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', syscall: 'read' });
        return new Promise<never>(() => {
          // Nothing ever comes; the caller's time limit ends it.
        });
      },
    });
  }

  const select = ({ filters = [], ids = [] }: Parameters<Ec2Calls['describeSubnets']>[0]) => ({
    filters,
    ids,
  });
  const describeBucket = (ids: readonly string[] | undefined) =>
    ids === undefined ? 'Describe' : 'DescribeUnfiltered';

  return {
    async runInstances(request, options) {
      const input = await toRunInput(request);
      const view = await run(operations.runInstances, 'RunInstances', input, options);
      return instanceOf(view);
    },
    async terminateInstances(ids, options) {
      if (ids.length === 0) return;
      await run(operations.terminateInstances, 'TerminateInstances', { ids, dryRun: false }, options);
    },
    async stopInstances(ids, options) {
      if (ids.length === 0) return;
      await run(operations.stopInstances, 'StopInstances', { ids, dryRun: false }, options);
    },
    async startInstances(ids, options) {
      if (ids.length === 0) return;
      await run(operations.startInstances, 'StartInstances', { ids, dryRun: false }, options);
    },
    async describeInstances({ filters = [], ids, nextToken }) {
      const input = {
        filters,
        ids: ids ?? [],
        ...(ids === undefined && { maxResults: 1_000 }),
        ...(nextToken !== undefined && { nextToken }),
      };
      const page = await run(operations.describeInstances, describeBucket(ids), input);
      return {
        items: page.items.map(instanceOf),
        ...(page.nextToken !== undefined && { nextToken: page.nextToken }),
      };
    },
    async describeInstanceStatus({ filters }) {
      const input = { filters, ids: [], includeAll: false, maxResults: 1_000 };
      const found = await run(operations.describeInstanceStatus, 'Describe', input);
      return { items: found.map(({ instance, checks }) => ({ id: instance.id, ...checks })) };
    },
    async describeSubnets(query) {
      const found = await run(operations.describeSubnets, describeBucket(query.ids), select(query));
      return found.map(({ id, zone, vpcID, availableAddresses }) => ({
        id,
        zone,
        vpcID,
        availableAddresses,
      }));
    },
    async describeSecurityGroups(query) {
      const found = await run(operations.describeSecurityGroups, describeBucket(query.ids), select(query));
      return found.map(({ id, vpcID }) => ({ id, vpcID }));
    },
    async describeImages(ids) {
      const found = await run(operations.describeImages, 'DescribeUnfiltered', { ids, filters: [] });
      return found.map(({ id, architecture, state, rootDeviceName }) => ({
        id,
        architecture,
        state,
        rootDeviceName,
      }));
    },
    getParameter: (name) => run(operations.getParameter, 'GetParameter', name),
    getConsoleOutput: (id) => run(operations.getConsoleOutput, 'GetConsoleOutput', id),
  };
}

function plainRunInput({ params, userData, clientToken, dryRun = false }: RunRequest): RunInput {
  const { rootVolume } = params;
  const tags = params.tags.map(({ key, value }) => ({ key, value }));
  return {
    imageID: params.imageID,
    instanceType: params.instanceType,
    subnetID: params.subnetID,
    securityGroupIDs: params.securityGroupIDs,
    userData,
    clientToken,
    dryRun,
    ...(params.instanceProfile !== undefined && { instanceProfile: params.instanceProfile }),
    spot: params.capacityType === 'Spot',
    blockDevices: [
      {
        deviceName: rootVolume.deviceName,
        size: rootVolume.sizeGiB,
        type: rootVolume.type,
        ...(rootVolume.iops !== undefined && { iops: rootVolume.iops }),
        ...(rootVolume.throughput !== undefined && { throughput: rootVolume.throughput }),
        ...(rootVolume.kmsKeyID !== undefined && { kmsKeyID: rootVolume.kmsKeyID }),
      },
    ],
    instanceTags: tags,
    volumeTags: tags,
    other: {},
  };
}

function instanceOf({ instance, state }: InstanceView): Instance {
  const gone = state === 'terminated';
  const reason = [
    instance.stateReason?.message,
    instance.transitionReason && `(${instance.transitionReason})`,
  ]
    .filter(Boolean)
    .join(' ');
  return {
    id: instance.id,
    state,
    type: instance.type,
    zone: instance.zone,
    imageID: instance.imageID,
    capacityType: instance.spot ? 'Spot' : 'OnDemand',
    ...(!gone && {
      subnetID: instance.subnetID,
      privateIP: instance.privateIP,
      securityGroupIDs: [...instance.securityGroupIDs],
      instanceProfile: instance.instanceProfile ?? '',
    }),
    ...(instance.clientToken !== undefined && { clientToken: instance.clientToken }),
    launchTime: new Date(instance.launchTime).toISOString(),
    ...(instance.stateReason && { stateReasonCode: instance.stateReason.code }),
    ...(reason !== '' && { stateReason: reason }),
    tags: Object.freeze(tagMap(instance.tags)),
  };
}
