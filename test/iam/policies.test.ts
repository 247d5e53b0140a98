import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { REQUEST_VERSIONS } from '../../src/api/kinds/launchParams.ts';
import { TAG } from '../../src/api/launch/tags.ts';
import { runInstancesInput } from '../../src/ec2/launch/runInput.ts';
import { launchParams, runRequest } from '../support/cloud/ec2.ts';
import { ACCOUNT, arn, launchAuthorizations, REGION, VPC } from './calls.ts';
import { type Authorization, allowing, type Statement, statementsOf } from './evaluate.ts';
import { type Parameters, resourceOf } from './template.ts';

const CLUSTER = '0f6b1e0a-0000-4000-8000-000000000001';
const OTHER = '0f6b1e0a-0000-4000-8000-000000000002';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/workspace`;
const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/1`;
const QUEUE = `arn:aws:sqs:${REGION}:${ACCOUNT}:workspace-events`;
const NEWEST = REQUEST_VERSIONS[REQUEST_VERSIONS.length - 1];

const leastParameters = {
  'AWS::Partition': 'aws',
  'AWS::Region': REGION,
  'AWS::AccountId': ACCOUNT,
  'AWS::URLSuffix': 'amazonaws.com',
  ClusterID: CLUSTER,
};
const allParameters = {
  ...leastParameters,
  InstanceRoleArns: ROLE,
  VpcID: VPC,
  ImageParameters: 'workspaces/images/*',
  KmsKeyArns: KEY,
  EventsQueueArn: QUEUE,
};

async function controller(parameters: Parameters = allParameters): Promise<Statement[]> {
  return statementsOf(await resourceOf('controller.yaml', 'Policy', parameters));
}

function launch(over: Partial<typeof launchParams> = {}, cluster = CLUSTER): Authorization[] {
  const tags = [
    ...launchParams.tags.filter(({ key }) => key !== TAG.cluster),
    { key: TAG.cluster, value: cluster },
  ];
  const params = { ...launchParams, tags, ...over };
  return launchAuthorizations(runInstancesInput(runRequest({ params, version: NEWEST })));
}

function onInstance(action: string, tags: Record<string, string>): Authorization {
  const context = Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]);
  return { action, resource: arn('instance/i-1'), context: Object.fromEntries(context) };
}

const inRegion = (action: string) => ({ action, resource: '*', context: { 'aws:RequestedRegion': REGION } });
const parameterRead = (name: string, owner: string) => ({
  action: 'ssm:GetParameter',
  resource: `arn:aws:ssm:${REGION}:${owner}:parameter/${name}`,
  context: {},
});
const pass = (role: string, service: string) => ({
  action: 'iam:PassRole',
  resource: role,
  context: { 'iam:PassedToService': service },
});

/** DeleteMessageBatch is allowed by sqs:DeleteMessage ("Amazon SQS API permissions"). */
const onQueue = (action: string, resource = QUEUE) => ({ action, resource, context: {} });

/** Every call of the operator. */
function calls(): Authorization[] {
  const ours = { [TAG.cluster]: CLUSTER };
  return [
    ...launch(),
    ...launch({ capacityType: 'Spot' }),
    ...launch({ publicIPAddress: true }),
    pass(ROLE, 'ec2.amazonaws.com'),
    ...['TerminateInstances', 'StopInstances', 'StartInstances', 'GetConsoleOutput'].map((action) =>
      onInstance(`ec2:${action}`, ours),
    ),
    ...['Images', 'Instances', 'InstanceStatus', 'SecurityGroups', 'Subnets'].map((what) =>
      inRegion(`ec2:Describe${what}`),
    ),
    parameterRead('aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64', ''),
    parameterRead('workspaces/images/base', ACCOUNT),
    onQueue('sqs:ReceiveMessage'),
    onQueue('sqs:DeleteMessage'),
  ];
}

/** Granted though the operator sends no such call. */
const WITHOUT_CALL: Readonly<Record<string, string>> = {
  'iam:CreateServiceLinkedRole': 'EC2 makes the role at the account’s first Spot request, for who sends it',
  'kms:CreateGrant':
    'EBS attaches a volume that is encrypted with a key of the account’s own, for who launches',
  'kms:Decrypt': 'the same',
  'kms:DescribeKey': 'the same',
  'kms:GenerateDataKeyWithoutPlaintext': 'the same',
  'kms:ReEncryptFrom': 'the same',
  'kms:ReEncryptTo': 'the same',
};

describe('the controller’s policy', () => {
  test.each(calls().map((call) => [call.action, call.resource, call] as const))(
    'allows %s on %s',
    async (_action, _resource, call) => {
      expect(allowing(await controller(), call)).not.toEqual([]);
    },
  );

  test('knows every call that the client can send', async () => {
    const files = ['../../src/ec2/client.ts', '../../src/ec2/events/sqs.ts'];
    const texts = await Promise.all(files.map((file) => readFile(new URL(file, import.meta.url), 'utf8')));
    const sent = [...texts.join().matchAll(/new (\w+?)(Batch)?Command\(/g)].map(([, name]) => name);
    const known = new Set(calls().map(({ action }) => action.split(':')[1]));
    expect(sent.length).toBeGreaterThan(5);
    expect(sent.filter((name) => !known.has(name))).toEqual([]);
  });

  test('grants no action that nothing uses, unless it is said why', async () => {
    const granted = (await controller()).flatMap(({ Action }) => Action);
    const used = new Set(calls().map(({ action }) => action));
    const unused = [...new Set(granted)].filter((action) => !used.has(action)).sort();
    expect(unused).toEqual(Object.keys(WITHOUT_CALL).sort());
  });

  test('has no statement without which all calls are allowed, but for those actions', async () => {
    const statements = await controller();
    const needed = new Set(calls().flatMap((call) => allowing(statements, call).map(({ Sid }) => Sid)));
    const spare = statements.filter(
      ({ Sid, Action }) => !needed.has(Sid) && !Action.every((it) => it in WITHOUT_CALL),
    );
    expect(spare).toEqual([]);
  });

  test.each([
    ['ending an instance without our tag', onInstance('ec2:TerminateInstances', {})],
    ['ending another cluster’s instance', onInstance('ec2:TerminateInstances', { [TAG.cluster]: OTHER })],
    ['stopping another cluster’s instance', onInstance('ec2:StopInstances', { [TAG.cluster]: OTHER })],
    ['reading another cluster’s console', onInstance('ec2:GetConsoleOutput', { [TAG.cluster]: OTHER })],
    [
      'tagging an instance later',
      {
        action: 'ec2:CreateTags',
        resource: arn('instance/i-1'),
        context: { [`aws:RequestTag/${TAG.cluster}`]: CLUSTER },
      },
    ],
    [
      'taking tags away',
      { ...onInstance('ec2:DeleteTags', { [TAG.cluster]: CLUSTER }), action: 'ec2:DeleteTags' },
    ],
    ['passing another role', pass(`arn:aws:iam::${ACCOUNT}:role/admin`, 'ec2.amazonaws.com')],
    ['passing the role to another service', pass(ROLE, 'lambda.amazonaws.com')],
    ['reading another queue', onQueue('sqs:ReceiveMessage', `${QUEUE}-2`)],
    ['sending to the queue', onQueue('sqs:SendMessage')],
    ['reading another parameter', parameterRead('production/password', ACCOUNT)],
    [
      'looking at another region',
      { ...inRegion('ec2:DescribeInstances'), context: { 'aws:RequestedRegion': 'us-east-1' } },
    ],
  ])('refuses %s', async (_what, call: Authorization) => {
    expect(allowing(await controller(), call)).toEqual([]);
  });

  test('refuses a launch under another cluster’s tag, or with no tag, on all that it makes', async () => {
    const statements = await controller();
    const made = (all: Authorization[]) => all.filter(({ resource }) => resource.endsWith('/*'));
    const untagged = launch().map(({ context, ...rest }) => ({
      ...rest,
      context: Object.fromEntries(
        Object.entries(context).filter(([key]) => !key.startsWith('aws:RequestTag/')),
      ),
    }));
    for (const call of [...made(launch({ capacityType: 'Spot' }, OTHER)), ...made(untagged)])
      expect([call, allowing(statements, call)]).toEqual([call, []]);
  });

  test('refuses an instance that answers IMDSv1, and one in another VPC', async () => {
    const statements = await controller();
    const weak = launch().map((call) => ({
      ...call,
      context: {
        ...call.context,
        ...('ec2:MetadataHttpTokens' in call.context ? { 'ec2:MetadataHttpTokens': 'optional' } : {}),
        ...('ec2:Vpc' in call.context ? { 'ec2:Vpc': arn('vpc/vpc-2') } : {}),
      },
    }));
    const refused = weak.filter((call) => allowing(statements, call).length === 0);
    expect(refused.map(({ resource }) => resource.split(/[:/]/).at(-2)).sort()).toEqual(
      ['instance', ...launchParams.securityGroupIDs.map(() => 'security-group'), 'subnet'].sort(),
    );
  });

  test('with the least parameters passes no role, uses no key, and reads AWS’s own parameters alone', async () => {
    const statements = await controller(leastParameters);
    expect(JSON.stringify(statements)).not.toMatch(/kms:|PassRole/);
    expect(allowing(statements, parameterRead('workspaces/images/base', ACCOUNT))).toEqual([]);
    for (const call of launch()) expect(allowing(statements, call)).not.toEqual([]);
  });
});

describe('the controller’s role', () => {
  const trust = async (more: Parameters) =>
    JSON.stringify(
      await resourceOf('controller.yaml', 'Role', {
        ...leastParameters,
        Policy: 'policy',
        ...more,
      }),
    );

  test('is for the one service account, by Pod Identity or by the cluster’s OIDC provider', async () => {
    expect(await trust({})).toContain(
      '"aws:RequestTag/kubernetes-service-account":"workspace-operator-controller"',
    );
    const issuer = {
      OIDCProviderArn: `arn:aws:iam::${ACCOUNT}:oidc-provider/oidc.example/id/1`,
      OIDCIssuer: 'oidc.example/id/1',
    };
    const text = await trust(issuer);
    expect(text).toContain('oidc.example/id/1:sub');
    expect(text).toContain('system:serviceaccount:workspace-system:workspace-operator-controller');
    expect(text).not.toContain('pods.eks.amazonaws.com');
  });

  test('is for the one cluster that is named, and by Pod Identity otherwise for any of the account', async () => {
    const ClusterArn = `arn:aws:eks:${REGION}:${ACCOUNT}:cluster/one`;
    expect(await trust({ ClusterArn })).toContain(`"aws:RequestTag/eks-cluster-arn":"${ClusterArn}"`);
    expect(await trust({})).not.toContain('eks-cluster-arn');
  });
});

describe('the role of instances', () => {
  const role = () => resourceOf('instance.yaml', 'Role', leastParameters);
  /** What AWS's manual asks for where Session Manager alone is used ("Add Session Manager permissions to an existing role"). */
  const SESSION_MANAGER = [
    'ssm:UpdateInstanceInformation',
    'ssmmessages:CreateControlChannel',
    'ssmmessages:CreateDataChannel',
    'ssmmessages:OpenControlChannel',
    'ssmmessages:OpenDataChannel',
  ];

  test('has no policy of AWS’s, whose content is not in this project and may grow', async () => {
    expect(await role()).not.toHaveProperty('ManagedPolicyArns');
  });

  test('grants what Session Manager needs and nothing more, to the people who run code in a Workspace', async () => {
    const { Policies } = z.object({ Policies: z.array(z.unknown()) }).parse(await role());
    const statements = Policies.flatMap(statementsOf);
    expect(statements.flatMap(({ Action }) => Action).sort()).toEqual(SESSION_MANAGER);
    for (const action of SESSION_MANAGER)
      expect(allowing(statements, { action, resource: '*', context: {} })).not.toEqual([]);
    // A managed instance could read each of the account's parameters by AmazonSSMManagedInstanceCore.
    const parameter = parameterRead('production/password', ACCOUNT);
    for (const action of ['ssm:GetParameter', 'ssm:GetParameters', 'ssm:GetDocument', 's3:GetObject'])
      expect([action, allowing(statements, { ...parameter, action })]).toEqual([action, []]);
  });
});

describe('in another partition', () => {
  test('every ARN and service name follows it', async () => {
    const china = {
      ...allParameters,
      'AWS::Partition': 'aws-cn',
      'AWS::Region': 'cn-north-1',
      'AWS::URLSuffix': 'amazonaws.com.cn',
    };
    const text = JSON.stringify(
      await controller({ ...china, EventsQueueArn: 'queue', InstanceRoleArns: 'role', KmsKeyArns: 'key' }),
    );
    expect(text).not.toContain('arn:aws:');
    expect(text).toContain('ec2.cn-north-1.amazonaws.com.cn');
  });
});
