import type { RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import type { Authorization } from './evaluate.ts';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-central-1';
export const VPC = 'vpc-1';

export function arn(resource: string, account = ACCOUNT): string {
  return `arn:aws:ec2:${REGION}:${account}:${resource}`;
}

/**
 * What EC2 asks IAM about one RunInstances: each resource that it uses or makes, and the tags that it puts on
 * ("Actions, resources, and condition keys for Amazon EC2", Service Authorization Reference).
 */
export function launchAuthorizations(input: RunInstancesCommandInput): Authorization[] {
  const [card] = input.NetworkInterfaces ?? [];
  const subnet = card?.SubnetId ?? input.SubnetId;
  const groups = card?.Groups ?? input.SecurityGroupIds ?? [];
  const inVpc = { 'ec2:Vpc': arn(`vpc/${VPC}`) };
  const used = [
    { resource: `arn:aws:ec2:${REGION}::image/${input.ImageId}`, context: {} },
    { resource: arn(`subnet/${subnet}`), context: inVpc },
    ...groups.map((group) => ({ resource: arn(`security-group/${group}`), context: inVpc })),
  ];
  const made = ['instance', 'volume', 'network-interface'];
  if (input.InstanceMarketOptions?.MarketType === 'spot') made.push('spot-instances-request');
  const tags = new Map(
    (input.TagSpecifications ?? []).map(({ ResourceType = '', Tags = [] }) => [
      String(ResourceType),
      Object.fromEntries(Tags.map(({ Key, Value = '' }) => [`aws:RequestTag/${Key}`, Value])),
    ]),
  );
  const metadata = { 'ec2:MetadataHttpTokens': input.MetadataOptions?.HttpTokens ?? 'optional' };
  const run = [
    ...used,
    ...made.map((type) => ({
      resource: arn(`${type}/*`),
      context: { ...tags.get(type), ...(type === 'instance' ? metadata : {}) },
    })),
  ];
  return [
    ...run.map((each) => ({ action: 'ec2:RunInstances', ...each })),
    ...[...tags].map(([type, context]) => ({
      action: 'ec2:CreateTags',
      resource: arn(`${type}/*`),
      context: { ...context, 'ec2:CreateAction': 'RunInstances' },
    })),
  ].map(({ context, ...rest }) => ({ ...rest, context: { 'aws:RequestedRegion': REGION, ...context } }));
}
