import type { Filter } from '../../../src/ec2/calls/port.ts';
import type { Facts, RunInput } from '../base/model.ts';
import type { Cloud } from '../cloud/state.ts';
import { type DescribeInput, describeInstances, type InstanceView } from './describe.ts';
import {
  type PowerInput,
  type StateChange,
  startInstances,
  stopInstances,
  terminateInstances,
} from './power.ts';
import * as resources from './resources.ts';
import { runInstances } from './run.ts';
import { describeInstanceStatus, type StatusInput, type StatusView } from './status.ts';

/** One API action, for both ways of calling it. */
export interface Operation<I, O> {
  readonly action: string;
  /** The bucket that a call draws from. */
  bucket(input: I): string;
  dryRun(input: I): boolean;
  facts(input: I): Facts;
  /** One synchronous step on the cloud. @throws CloudError */
  execute(cloud: Cloud, input: I): O;
}

type Spec<I, O> = Pick<Operation<I, O>, 'action' | 'execute'> & Partial<Operation<I, O>>;

function operation<I, O>(spec: Spec<I, O>): Operation<I, O> {
  return { bucket: () => spec.action, dryRun: () => false, facts: () => ({}), ...spec };
}

// Filtered or paginated reads and bare ones draw from different buckets; ids count as neither at AWS, yet as cheap.
function readBucket(input: {
  ids: readonly string[];
  filters: readonly Filter[];
  maxResults?: number;
}): string {
  const narrow = input.ids.length > 0 || input.filters.length > 0 || input.maxResults !== undefined;
  return narrow ? 'Describe' : 'DescribeUnfiltered';
}

const power = (action: string, execute: (cloud: Cloud, input: PowerInput) => StateChange[]) =>
  operation<PowerInput, StateChange[]>({
    action,
    dryRun: (input) => input.dryRun,
    facts: (input) => ({ instanceID: input.ids }),
    execute,
  });

export const operations = {
  runInstances: operation<RunInput, InstanceView>({
    action: 'RunInstances',
    dryRun: (input) => input.dryRun,
    facts: (input) => ({
      instanceType: [input.instanceType],
      imageID: [input.imageID],
      capacityType: [input.spot ? 'Spot' : 'OnDemand'],
      subnetID: input.subnetID === undefined ? [] : [input.subnetID],
      clientToken: input.clientToken === undefined ? [] : [input.clientToken],
      ...Object.fromEntries(input.instanceTags.map((tag) => [`tag:${tag.key}`, [tag.value]])),
    }),
    execute: runInstances,
  }),
  terminateInstances: power('TerminateInstances', terminateInstances),
  stopInstances: power('StopInstances', stopInstances),
  startInstances: power('StartInstances', startInstances),
  describeInstances: operation<DescribeInput, { items: InstanceView[]; nextToken?: string }>({
    action: 'DescribeInstances',
    bucket: readBucket,
    facts: (input) => ({ instanceID: input.ids }),
    execute: describeInstances,
  }),
  describeInstanceStatus: operation<StatusInput, StatusView[]>({
    action: 'DescribeInstanceStatus',
    bucket: readBucket,
    execute: describeInstanceStatus,
  }),
  describeSubnets: operation({
    action: 'DescribeSubnets',
    bucket: readBucket,
    execute: resources.describeSubnets,
  }),
  describeSecurityGroups: operation({
    action: 'DescribeSecurityGroups',
    bucket: readBucket,
    execute: resources.describeSecurityGroups,
  }),
  describeImages: operation({
    action: 'DescribeImages',
    bucket: readBucket,
    facts: (input) => ({ imageID: input.ids }),
    execute: resources.describeImages,
  }),
  getConsoleOutput: operation<string, string>({
    action: 'GetConsoleOutput',
    facts: (id) => ({ instanceID: [id] }),
    execute: resources.consoleOutput,
  }),
  createTags: operation<Parameters<typeof resources.createTags>[1], void>({
    action: 'CreateTags',
    dryRun: (input) => input.dryRun,
    facts: (input) => ({ instanceID: input.ids }),
    execute: resources.createTags,
  }),
  getParameter: operation<string, string>({
    action: 'GetParameter',
    facts: (name) => ({ name: [name] }),
    execute: resources.getParameter,
  }),
} as const;
