import {
  DescribeImagesCommand,
  DescribeInstanceStatusCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  EC2Client,
  type EC2ClientConfig,
  GetConsoleOutputCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { BucketName } from './calls/buckets.ts';
import { type CallerOptions, createCaller } from './calls/call.ts';
import { CODE, ec2Failure } from './calls/errors.ts';
import { toInstance, toInstanceStatus } from './calls/instance.ts';
import type { Ec2Calls, EffectOptions, Filter, Image, SecurityGroup, Subnet } from './calls/port.ts';
import { createAgents } from './calls/proxy.ts';
import { runInstancesInput } from './launch/runInput.ts';
import { scannedDescribeInstances } from './scan/describeInstances.ts';

export interface Ec2CallsOptions extends Omit<CallerOptions, 'timeoutMs'> {
  region: string;
  /** Base URL of EC2; without it the SDK's own (AWS_ENDPOINT_URL_EC2, AWS_ENDPOINT_URL, the region's). */
  endpoint?: string;
  /** Base URL of SSM; likewise. */
  ssmEndpoint?: string;
  /** Items in one answer, 5 to 1,000; default 1,000. Other in tests only. */
  pageSize?: number;
  /** Default 15,000 ms. The late-answer margin of the launch protocol counts on it. */
  timeoutMs?: number;
  /** Default: the SDK's own chain. */
  credentials?: NonNullable<EC2ClientConfig['credentials']>;
}

/** Largest page of DescribeInstances, DescribeInstanceStatus, DescribeSubnets and DescribeSecurityGroups. */
const LARGEST_PAGE = 1_000;
const READ_ATTEMPTS = 2;
/** A console's tail that a person can take in, in characters. */
const CONSOLE_TAIL = 16_384;

/** EC2 and SSM behind the port, over the AWS SDK. `close` ends its connections. */
export function createEc2Calls(options: Ec2CallsOptions): Ec2Calls & { close(): void } {
  const { timeoutMs = 15_000, pageSize = LARGEST_PAGE } = options;
  const { region, endpoint, ssmEndpoint, credentials } = options;
  const shared = {
    region,
    // Each HTTP attempt must pass its bucket and the caller's guard, so the SDK may make only one.
    maxAttempts: 1,
    ...(credentials === undefined ? {} : { credentials }),
    requestHandler: {
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
      ...createAgents(options.proxy),
    },
  };
  const ec2 = new EC2Client({ ...shared, ...(endpoint === undefined ? {} : { endpoint }) });
  const ssm = new SSMClient({ ...shared, ...(ssmEndpoint === undefined ? {} : { endpoint: ssmEndpoint }) });
  const run = createCaller({ ...options, timeoutMs });

  type Power = (ids: string[], onSend: () => void, abortSignal: AbortSignal) => Promise<unknown>;

  function power(action: 'TerminateInstances' | 'StopInstances' | 'StartInstances', send: Power) {
    return async (ids: readonly string[], options: EffectOptions = {}): Promise<void> => {
      if (ids.length === 0) return;
      await run({
        ...options,
        action,
        bucket: action,
        send: (abortSignal, onSend) => send([...ids], onSend, abortSignal),
      });
    };
  }

  return {
    close() {
      ec2.destroy();
      ssm.destroy();
    },

    async runInstances(request, options) {
      const action = 'RunInstances';
      const input = runInstancesInput(request);
      return run({
        ...options,
        action,
        bucket: action,
        secrets: [request.userData, input.UserData ?? ''],
        async send(abortSignal, onSend) {
          const answer = await ec2.send(guarded(new RunInstancesCommand(input), onSend), { abortSignal });
          const [instance] = answer.Instances ?? [];
          if (!instance) throw unreadable(action, 'the answer holds no instance');
          return toInstance(action, instance);
        },
      });
    },

    terminateInstances: power('TerminateInstances', (InstanceIds, onSend, abortSignal) =>
      ec2.send(guarded(new TerminateInstancesCommand({ InstanceIds }), onSend), { abortSignal }),
    ),
    stopInstances: power('StopInstances', (InstanceIds, onSend, abortSignal) =>
      ec2.send(guarded(new StopInstancesCommand({ InstanceIds }), onSend), { abortSignal }),
    ),
    startInstances: power('StartInstances', (InstanceIds, onSend, abortSignal) =>
      ec2.send(guarded(new StartInstancesCommand({ InstanceIds }), onSend), { abortSignal }),
    ),

    async describeInstances({ filters, ids, nextToken }) {
      const action = 'DescribeInstances';
      // MaxResults and ids exclude each other (API reference).
      const input = {
        ...(ids === undefined ? { MaxResults: pageSize } : { InstanceIds: [...ids] }),
        ...selection(filters),
        ...(nextToken === undefined ? {} : { NextToken: nextToken }),
      };
      return read(action, describeBucket(ids), async (abortSignal, onSend) => {
        const { command, page } = scannedDescribeInstances(input, abortSignal, options.clock);
        await ec2.send(guarded(command, onSend), { abortSignal });
        return page();
      });
    },

    async describeInstanceStatus({ filters, nextToken }) {
      const action = 'DescribeInstanceStatus';
      const input = {
        MaxResults: pageSize,
        ...selection(filters),
        ...(nextToken === undefined ? {} : { NextToken: nextToken }),
      };
      return read(action, 'Describe', async (abortSignal, onSend) => {
        const command = guarded(new DescribeInstanceStatusCommand(input), onSend);
        const answer = await ec2.send(command, { abortSignal });
        const items = (answer.InstanceStatuses ?? []).map((status) => toInstanceStatus(action, status));
        return answer.NextToken ? { items, nextToken: answer.NextToken } : { items };
      });
    },

    describeSubnets: ({ filters, ids }) =>
      allPages(async (NextToken) => {
        const input = {
          ...(ids === undefined ? { MaxResults: pageSize } : { SubnetIds: [...ids] }),
          ...selection(filters),
          NextToken,
        };
        return read('DescribeSubnets', describeBucket(ids), async (abortSignal, onSend) => {
          const answer = await ec2.send(guarded(new DescribeSubnetsCommand(input), onSend), { abortSignal });
          const items: Subnet[] = (answer.Subnets ?? []).map((subnet) => ({
            id: subnet.SubnetId ?? '',
            zone: subnet.AvailabilityZone ?? '',
            vpcID: subnet.VpcId ?? '',
            availableAddresses: subnet.AvailableIpAddressCount ?? 0,
          }));
          return { items, nextToken: answer.NextToken };
        });
      }),

    describeSecurityGroups: ({ filters, ids }) =>
      allPages(async (NextToken) => {
        const input = {
          ...(ids === undefined ? { MaxResults: pageSize } : { GroupIds: [...ids] }),
          ...selection(filters),
          NextToken,
        };
        return read('DescribeSecurityGroups', describeBucket(ids), async (abortSignal, onSend) => {
          const command = guarded(new DescribeSecurityGroupsCommand(input), onSend);
          const answer = await ec2.send(command, { abortSignal });
          const items: SecurityGroup[] = (answer.SecurityGroups ?? []).map((group) => ({
            id: group.GroupId ?? '',
            vpcID: group.VpcId ?? '',
          }));
          return { items, nextToken: answer.NextToken };
        });
      }),

    describeImages(ids) {
      const input = { ImageIds: [...ids] };
      return read('DescribeImages', 'DescribeUnfiltered', async (abortSignal, onSend) => {
        const answer = await ec2.send(guarded(new DescribeImagesCommand(input), onSend), { abortSignal });
        return (answer.Images ?? []).map(
          (image): Image => ({
            id: image.ImageId ?? '',
            architecture: image.Architecture ?? '',
            state: image.State ?? '',
            rootDeviceName: image.RootDeviceName ?? '',
          }),
        );
      });
    },

    getParameter(name) {
      const action = 'GetParameter';
      // Not decrypted: an image id is no secret, and a SecureString must not come this way.
      const input = { Name: name, WithDecryption: false };
      return read(action, action, async (abortSignal, onSend) => {
        const answer = await ssm.send(guarded(new GetParameterCommand(input), onSend), { abortSignal });
        const value = answer.Parameter?.Value;
        if (value === undefined) throw unreadable(action, 'the answer holds no value');
        return value;
      });
    },

    getConsoleOutput(id) {
      const action = 'GetConsoleOutput';
      return read(action, action, async (abortSignal, onSend) => {
        const command = guarded(new GetConsoleOutputCommand({ InstanceId: id }), onSend);
        const answer = await ec2.send(command, { abortSignal });
        return Buffer.from(answer.Output ?? '', 'base64')
          .toString('utf8')
          .slice(-CONSOLE_TAIL);
      });
    },
  };

  function read<T>(
    action: string,
    bucket: BucketName,
    send: (signal: AbortSignal, onSend: () => void) => Promise<T>,
  ): Promise<T> {
    return run({ action, bucket, send, attempts: READ_ATTEMPTS });
  }
}

function describeBucket(ids: readonly string[] | undefined): BucketName {
  return ids === undefined ? 'Describe' : 'DescribeUnfiltered';
}

function selection(filters: readonly Filter[] | undefined) {
  if (filters === undefined || filters.length === 0) return {};
  return { Filters: filters.map(({ name, values }) => ({ Name: name, Values: [...values] })) };
}

async function allPages<T>(
  page: (token: string | undefined) => Promise<{ items: T[]; nextToken: string | undefined }>,
): Promise<T[]> {
  const all: T[] = [];
  let token: string | undefined;
  do {
    const { items, nextToken } = await page(token);
    all.push(...items);
    token = nextToken || undefined;
  } while (token !== undefined);
  return all;
}

function unreadable(action: string, detail: string) {
  return ec2Failure({ class: 'ambiguous', code: CODE.badAnswer, action, detail });
}

/** The part of the SDK's middleware stack that a guard needs, for any command. */
interface Guardable {
  middlewareStack: {
    add(
      middleware: <A, R>(next: (args: A) => Promise<R>) => (args: A) => Promise<R>,
      options: { step: 'deserialize'; priority: 'low'; name: string },
    ): void;
  };
}

/**
 * Calls `onSend` last of all middleware: credentials are there and the request is signed, only the socket comes after.
 * Resolving credentials may take seconds, in which a lease can be lost.
 */
function guarded<C extends Guardable>(command: C, onSend: () => void): C {
  command.middlewareStack.add(
    (next) => async (args) => {
      onSend();
      return next(args);
    },
    { step: 'deserialize', priority: 'low', name: 'guardBeforeSend' },
  );
  return command;
}
