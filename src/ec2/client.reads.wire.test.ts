import nock from 'nock';
import { describe, expect, it } from 'vitest';
import { createTestCalls, failureOf } from '../../test/support/cloud/ec2.ts';
import { expectEveryRequest, fields, refusal, response, SSM, wire } from '../../test/support/cloud/wire.ts';

expectEveryRequest();

describe.each([
  ['TerminateInstances', 'terminateInstances'],
  ['StopInstances', 'stopInstances'],
  ['StartInstances', 'startInstances'],
] as const)('%s', (action, method) => {
  it('names each instance', async () => {
    const bodies = wire(response(action, '<instancesSet/>'));
    await createTestCalls().calls[method](['i-1', 'i-2']);
    expect(fields(bodies[0])).toMatchObject({ Action: action, 'InstanceId.1': 'i-1', 'InstanceId.2': 'i-2' });
  });

  it('of nothing sends nothing', async () => {
    await createTestCalls().calls[method]([]);
  });

  it('of an instance that EC2 does not know is gone', async () => {
    wire(refusal('InvalidInstanceID.NotFound'));
    expect((await failureOf(createTestCalls().calls[method](['i-1']))).class).toBe('gone');
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

  it('DescribeInstanceStatus goes by pages, and takes both checks from each', async () => {
    const checks = (instance: string, system: string) =>
      `<instanceStatus><status>${instance}</status></instanceStatus><systemStatus><status>${system}</status></systemStatus>`;
    const bodies = wire(
      response(
        'DescribeInstanceStatus',
        `<instanceStatusSet><item><instanceId>i-1</instanceId>${checks('ok', 'impaired')}</item><item><instanceId>i-2</instanceId></item></instanceStatusSet><nextToken>t</nextToken>`,
      ),
      response('DescribeInstanceStatus', '<instanceStatusSet/>'),
    );
    const { calls, counted } = createTestCalls();
    const filters = [{ name: 'system-status.status', values: ['impaired'] }];
    expect(await calls.describeInstanceStatus({ filters })).toEqual({
      items: [
        { id: 'i-1', instance: 'ok', system: 'impaired' },
        { id: 'i-2', instance: 'not-applicable', system: 'not-applicable' },
      ],
      nextToken: 't',
    });
    expect(await calls.describeInstanceStatus({ filters, nextToken: 't' })).toEqual({ items: [] });
    expect(fields(bodies[1])).toEqual({
      Action: 'DescribeInstanceStatus',
      Version: '2016-11-15',
      MaxResults: '1000',
      'Filter.1.Name': 'system-status.status',
      'Filter.1.Value.1': 'impaired',
      NextToken: 't',
    });
    expect(await counted('DescribeInstanceStatus', 'ok')).toBe(2);
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

  it('DescribeImages returns what a launch needs', async () => {
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
