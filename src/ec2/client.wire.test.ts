import nock from 'nock';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestCalls, failureOf, launchParams, runRequest } from '../../test/support/ec2.ts';
import type { ErrorClass } from './port.ts';

const EC2 = 'https://ec2.eu-central-1.amazonaws.com';
const SSM = 'https://ssm.eu-central-1.amazonaws.com';

beforeAll(() => {
  if (!nock.isActive()) nock.activate();
  nock.disableNetConnect();
});
afterEach(() => {
  const left = nock.pendingMocks();
  nock.cleanAll();
  expect(left).toEqual([]);
});
afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
});

/** Answers the next requests in turn, and keeps their bodies as they were on the wire. */
function wire(...answers: { status?: number; xml: string; headers?: Record<string, string> }[]): string[] {
  const bodies: string[] = [];
  for (const { status = 200, xml, headers = {} } of answers) {
    nock(EC2)
      .post('/')
      .reply(async (request: Request) => {
        bodies.push(await request.text());
        return [status, xml, headers];
      });
  }
  return bodies;
}

function fields(body: string | undefined): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(body));
}

function response(action: string, inner: string): { xml: string } {
  return {
    xml: `<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">${inner}</${action}Response>`,
  };
}

function refusal(code: string, status = 400, message = 'what AWS says') {
  const error = `<Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors>`;
  return {
    status,
    xml: `<Response>${error}<RequestID>req-1</RequestID></Response>`,
    headers: { 'x-amzn-requestid': 'req-1' },
  };
}

const INSTANCE = `<item>
  <instanceId>i-0a1</instanceId><instanceType>m7i.large</instanceType>
  <instanceState><code>0</code><name>pending</name></instanceState>
  <placement><availabilityZone>eu-central-1a</availabilityZone></placement>
  <subnetId>subnet-0a1</subnetId><privateIpAddress>10.0.0.7</privateIpAddress>
  <clientToken>token-1</clientToken><launchTime>2026-01-02T03:04:05.000Z</launchTime>
  <reason>User initiated (2026-01-02)</reason>
  <stateReason><code>Client.UserInitiatedShutdown</code><message>Client.UserInitiatedShutdown: bye</message></stateReason>
  <tagSet><item><key>compute.molecule.ai/uid</key><value>uid-1</value></item><item><key>empty</key><value/></item></tagSet>
</item>`;
const LAUNCHED = response('RunInstances', `<instancesSet>${INSTANCE}</instancesSet>`);

describe('RunInstances on the wire', () => {
  it('asks for what the params say, and nothing else', async () => {
    const bodies = wire(LAUNCHED);
    await createTestCalls().calls.runInstances(runRequest());
    expect(fields(bodies[0])).toEqual({
      Action: 'RunInstances',
      Version: '2016-11-15',
      ClientToken: 'token-1',
      MinCount: '1',
      MaxCount: '1',
      ImageId: 'ami-0a1',
      InstanceType: 'm7i.large',
      SubnetId: 'subnet-0a1',
      'SecurityGroupId.1': 'sg-0b',
      'SecurityGroupId.2': 'sg-0a',
      'IamInstanceProfile.Name': 'workspace',
      'BlockDeviceMapping.1.DeviceName': '/dev/xvda',
      'BlockDeviceMapping.1.Ebs.DeleteOnTermination': 'true',
      'BlockDeviceMapping.1.Ebs.VolumeSize': '30',
      'BlockDeviceMapping.1.Ebs.VolumeType': 'gp3',
      'BlockDeviceMapping.1.Ebs.Iops': '3000',
      'BlockDeviceMapping.1.Ebs.Throughput': '125',
      'MetadataOptions.HttpEndpoint': 'enabled',
      'MetadataOptions.HttpTokens': 'required',
      'MetadataOptions.HttpPutResponseHopLimit': '1',
      'TagSpecification.1.ResourceType': 'instance',
      'TagSpecification.1.Tag.1.Key': 'compute.molecule.ai/uid',
      'TagSpecification.1.Tag.1.Value': 'uid-1',
      'TagSpecification.1.Tag.2.Key': 'compute.molecule.ai/cluster',
      'TagSpecification.1.Tag.2.Value': 'cluster-1',
      'TagSpecification.2.ResourceType': 'volume',
      'TagSpecification.2.Tag.1.Key': 'compute.molecule.ai/uid',
      'TagSpecification.2.Tag.1.Value': 'uid-1',
      'TagSpecification.2.Tag.2.Key': 'compute.molecule.ai/cluster',
      'TagSpecification.2.Tag.2.Value': 'cluster-1',
      UserData: Buffer.from('#!/bin/sh\necho grüße\n').toString('base64'),
    });
  });

  it('is byte-equal when another process replays it from stored params', async () => {
    const bodies = wire(LAUNCHED, LAUNCHED);
    await createTestCalls().calls.runInstances(runRequest());
    const { tags, ...rest } = JSON.parse(JSON.stringify(launchParams));
    await createTestCalls().calls.runInstances(runRequest({ params: { tags, ...rest } }));
    expect(bodies).toHaveLength(2);
    expect(bodies[1]).toBe(bodies[0]);
  });

  it('asks for one-time Spot, and for a dry run, when told', async () => {
    const bodies = wire(refusal('DryRunOperation', 412));
    const { calls, counted } = createTestCalls();
    const params = { ...launchParams, capacityType: 'Spot' as const };
    const failure = await failureOf(calls.runInstances(runRequest({ params, dryRun: true })));
    expect(failure.class).toBe('dryRunOK');
    expect(fields(bodies[0])).toMatchObject({
      DryRun: 'true',
      'InstanceMarketOptions.MarketType': 'spot',
      'InstanceMarketOptions.SpotOptions.SpotInstanceType': 'one-time',
      'InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior': 'terminate',
    });
    expect(await counted('RunInstances', 'dryRunOK')).toBe(1);
  });

  it('tells all that EC2 said of the instance, in its own words', async () => {
    wire(LAUNCHED);
    const { calls, counted } = createTestCalls();
    expect(await calls.runInstances(runRequest())).toEqual({
      id: 'i-0a1',
      state: 'pending',
      type: 'm7i.large',
      zone: 'eu-central-1a',
      subnetID: 'subnet-0a1',
      privateIP: '10.0.0.7',
      clientToken: 'token-1',
      launchTime: '2026-01-02T03:04:05.000Z',
      stateReason: 'Client.UserInitiatedShutdown: bye (User initiated (2026-01-02))',
      tags: { 'compute.molecule.ai/uid': 'uid-1', empty: '' },
    });
    expect(await counted('RunInstances', 'ok')).toBe(1);
  });

  it.each([
    ['no instance', ''],
    ['one without an id', '<item><instanceState><name>pending</name></instanceState></item>'],
    [
      'one in an unheard-of state',
      '<item><instanceId>i-1</instanceId><instanceState><name>lost</name></instanceState></item>',
    ],
  ])('is in doubt when the answer holds %s', async (_what, items) => {
    wire(response('RunInstances', `<instancesSet>${items}</instancesSet>`));
    const failure = await failureOf(createTestCalls().calls.runInstances(runRequest()));
    expect(failure).toMatchObject({ class: 'ambiguous', code: 'UnreadableAnswer' });
  });

  it.each<[string, number, ErrorClass]>([
    ['InsufficientInstanceCapacity', 500, 'capacity'],
    ['Unsupported', 400, 'capacity'],
    ['VcpuLimitExceeded', 400, 'quota'],
    ['RequestLimitExceeded', 503, 'throttled'],
    ['UnauthorizedOperation', 403, 'userFix'],
    ['InvalidAMIID.NotFound', 400, 'userFix'],
    ['IdempotentParameterMismatch', 400, 'mismatch'],
    ['IdempotentInstanceTerminated', 400, 'mismatch'],
    ['InternalError', 500, 'ambiguous'],
    ['Unavailable', 503, 'ambiguous'],
    ['NeverHeardOf', 400, 'ambiguous'],
  ])('%s (HTTP %i) is %s, after exactly one request', async (code, status, kind) => {
    const bodies = wire(refusal(code, status));
    const { calls, counted } = createTestCalls();
    const failure = await failureOf(calls.runInstances(runRequest()));
    expect(failure).toMatchObject({ class: kind, code, action: 'RunInstances', requestID: 'req-1' });
    expect(bodies).toHaveLength(1);
    expect(await counted('RunInstances', kind)).toBe(1);
  });

  it.each([
    [502, '<html><body>Bad Gateway</body></html>'],
    [503, 'upstream connect error'],
    [404, ''],
  ])('an answer from a proxy (HTTP %i) is in doubt', async (status, xml) => {
    wire({ status, xml });
    const failure = await failureOf(createTestCalls().calls.runInstances(runRequest()));
    expect(failure).toMatchObject({ class: 'ambiguous', code: `HTTP${status}` });
  });

  it('repeats no user data in a failure, though EC2 did', async () => {
    const encoded = Buffer.from(runRequest().userData).toString('base64');
    wire(refusal('InvalidUserData.Malformed', 400, `Invalid: ${encoded}`));
    const failure = await failureOf(createTestCalls().calls.runInstances(runRequest()));
    expect(`${failure.message}${JSON.stringify(failure)}${failure.stack}`).not.toContain(encoded);
    expect(failure.cause).toBeUndefined();
  });
});

describe('the guard before a send', () => {
  it('runs after the credentials are there and before anything is sent', async () => {
    const order: string[] = [];
    const credentials = async () => {
      order.push('credentials');
      return { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' };
    };
    nock(EC2)
      .post('/')
      .reply(() => {
        order.push('sent');
        return [200, LAUNCHED.xml];
      });
    const { calls } = createTestCalls({ credentials });
    await calls.runInstances(runRequest(), { beforeSend: () => order.push('guard') });
    expect(order).toEqual(['credentials', 'guard', 'sent']);
  });

  it.each(['runInstances', 'terminateInstances'] as const)(
    'that throws keeps %s from being sent',
    async (method) => {
      const { calls, counted } = createTestCalls();
      const options = {
        beforeSend() {
          throw new Error('the lease may be another’s');
        },
      };
      const call =
        method === 'runInstances'
          ? calls.runInstances(runRequest(), options)
          : calls.terminateInstances(['i-1'], options);
      const failure = await failureOf(call);
      expect(failure).toMatchObject({ class: 'notSent', code: 'SendBlocked' });
      expect(failure.message).toContain('the lease may be another’s');
      expect(await counted(failure.action, 'notSent')).toBe(1);
    },
  );

  it('is not asked when there are no credentials, and the failure says where to put them', async () => {
    let asked = false;
    const credentials = () =>
      Promise.reject(
        Object.assign(new Error('Could not load credentials'), { name: 'CredentialsProviderError' }),
      );
    const { calls } = createTestCalls({ credentials });
    const failure = await failureOf(calls.runInstances(runRequest(), { beforeSend: () => (asked = true) }));
    expect(failure).toMatchObject({ class: 'notSent', code: 'NoCredentials' });
    expect(failure.message).toContain('AWS_ACCESS_KEY_ID');
    expect(asked).toBe(false);
  });
});

describe('TerminateInstances', () => {
  it('names each instance', async () => {
    const bodies = wire(response('TerminateInstances', '<instancesSet/>'));
    await createTestCalls().calls.terminateInstances(['i-1', 'i-2']);
    expect(fields(bodies[0])).toMatchObject({
      Action: 'TerminateInstances',
      'InstanceId.1': 'i-1',
      'InstanceId.2': 'i-2',
    });
  });

  it('of nothing sends nothing', async () => {
    await createTestCalls().calls.terminateInstances([]);
  });

  it('of an instance that EC2 does not know is gone', async () => {
    wire(refusal('InvalidInstanceID.NotFound'));
    expect((await failureOf(createTestCalls().calls.terminateInstances(['i-1']))).class).toBe('gone');
  });
});

describe('reads on the wire', () => {
  const reservation = (id: string) =>
    `<item><instancesSet><item><instanceId>${id}</instanceId><instanceState><name>running</name></instanceState></item></instancesSet></item>`;

  it('DescribeInstances asks for 1,000 a page, by filter, and hands on the token as it came', async () => {
    const token = 'opaque+/= token';
    const bodies = wire(
      response(
        'DescribeInstances',
        `<reservationSet>${reservation('i-1')}${reservation('i-2')}</reservationSet><nextToken>${token}</nextToken>`,
      ),
      response('DescribeInstances', `<reservationSet>${reservation('i-3')}</reservationSet>`),
    );
    const { calls } = createTestCalls();
    const filters = [{ name: 'tag:compute.molecule.ai/cluster', values: ['cluster-1', 'other'] }];
    const first = await calls.describeInstances({ filters });
    expect(first.items.map(({ id }) => id)).toEqual(['i-1', 'i-2']);
    expect(first.nextToken).toBe(token);
    const second = await calls.describeInstances({ filters, nextToken: token });
    expect(second.items.map(({ id }) => id)).toEqual(['i-3']);
    expect(second).not.toHaveProperty('nextToken');
    expect(fields(bodies[0])).toEqual({
      Action: 'DescribeInstances',
      Version: '2016-11-15',
      MaxResults: '1000',
      'Filter.1.Name': 'tag:compute.molecule.ai/cluster',
      'Filter.1.Value.1': 'cluster-1',
      'Filter.1.Value.2': 'other',
    });
    expect(fields(bodies[1])).toMatchObject({ MaxResults: '1000', NextToken: token });
  });

  it('DescribeInstances by ids asks for no page size, which EC2 would refuse', async () => {
    const bodies = wire(response('DescribeInstances', '<reservationSet/>'));
    await createTestCalls().calls.describeInstances({ ids: ['i-1'] });
    expect(fields(bodies[0])).toEqual({
      Action: 'DescribeInstances',
      Version: '2016-11-15',
      'InstanceId.1': 'i-1',
    });
  });

  it('DescribeSubnets and DescribeSecurityGroups read all pages', async () => {
    wire(
      response(
        'DescribeSubnets',
        '<subnetSet><item><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><availabilityZone>eu-central-1a</availabilityZone><availableIpAddressCount>12</availableIpAddressCount></item></subnetSet><nextToken>t</nextToken>',
      ),
      response(
        'DescribeSubnets',
        '<subnetSet><item><subnetId>subnet-2</subnetId><vpcId>vpc-1</vpcId></item></subnetSet>',
      ),
      response(
        'DescribeSecurityGroups',
        '<securityGroupInfo><item><groupId>sg-1</groupId><vpcId>vpc-1</vpcId></item></securityGroupInfo><nextToken>t</nextToken>',
      ),
      response('DescribeSecurityGroups', '<securityGroupInfo/>'),
    );
    const { calls, counted } = createTestCalls();
    expect(await calls.describeSubnets({ filters: [{ name: 'subnet-id', values: ['subnet-1'] }] })).toEqual([
      { id: 'subnet-1', zone: 'eu-central-1a', vpcID: 'vpc-1', availableAddresses: 12 },
      { id: 'subnet-2', zone: '', vpcID: 'vpc-1', availableAddresses: 0 },
    ]);
    expect(await calls.describeSecurityGroups({})).toEqual([{ id: 'sg-1', vpcID: 'vpc-1' }]);
    expect(await counted('DescribeSubnets', 'ok')).toBe(2);
  });

  it('DescribeImages tells what is needed to launch', async () => {
    const bodies = wire(
      response(
        'DescribeImages',
        '<imagesSet><item><imageId>ami-1</imageId><imageState>available</imageState><architecture>arm64</architecture><rootDeviceName>/dev/xvda</rootDeviceName></item></imagesSet>',
      ),
    );
    expect(await createTestCalls().calls.describeImages(['ami-1'])).toEqual([
      { id: 'ami-1', state: 'available', architecture: 'arm64', rootDeviceName: '/dev/xvda' },
    ]);
    expect(fields(bodies[0])).toMatchObject({ 'ImageId.1': 'ami-1' });
  });

  it('GetConsoleOutput decodes the tail, and is empty when EC2 has none yet', async () => {
    const long = `${'x'.repeat(20_000)}the end`;
    wire(
      response('GetConsoleOutput', `<output>${Buffer.from(long).toString('base64')}</output>`),
      response('GetConsoleOutput', '<instanceId>i-1</instanceId>'),
    );
    const { calls } = createTestCalls();
    const tail = await calls.getConsoleOutput('i-1');
    expect(tail).toHaveLength(16_384);
    expect(tail.endsWith('the end')).toBe(true);
    expect(await calls.getConsoleOutput('i-1')).toBe('');
  });

  it('GetParameter reads a parameter without decrypting it', async () => {
    let asked: unknown;
    nock(SSM)
      .post('/')
      .reply(async (request: Request) => {
        asked = await request.json();
        return [200, JSON.stringify({ Parameter: { Value: 'ami-1' } })];
      });
    expect(await createTestCalls().calls.getParameter('/images/x')).toBe('ami-1');
    expect(asked).toEqual({ Name: '/images/x', WithDecryption: false });
  });

  it('GetParameter of a name that is not there says so', async () => {
    nock(SSM)
      .post('/')
      .reply(400, JSON.stringify({ __type: 'ParameterNotFound', message: '' }));
    expect(await failureOf(createTestCalls().calls.getParameter('/x'))).toMatchObject({
      class: 'userFix',
      code: 'ParameterNotFound',
    });
  });

  it('are not repeated on an answer, however bad', async () => {
    const bodies = wire(refusal('InternalError', 500));
    await failureOf(createTestCalls().calls.describeInstances({}));
    expect(bodies).toHaveLength(1);
  });
});
