import nock from 'nock';
import { describe, expect, it } from 'vitest';
import { createTestCalls, failureOf, launchParams, runRequest } from '../../../test/support/cloud/ec2.ts';
import {
  EC2,
  expectEveryRequest,
  fields,
  LAUNCHED,
  refusal,
  response,
  wire,
} from '../../../test/support/cloud/wire.ts';
import type { ErrorClass } from './port.ts';

expectEveryRequest();

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

  it('asks for one-time Spot, and for a dry run, when the request says so', async () => {
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

  it('returns all that EC2 said of the instance, in EC2’s own words', async () => {
    wire(LAUNCHED);
    const { calls, counted } = createTestCalls();
    expect(await calls.runInstances(runRequest())).toEqual({
      id: 'i-0a1',
      state: 'pending',
      type: 'm7i.large',
      zone: 'eu-central-1a',
      imageID: 'ami-0a1',
      capacityType: 'Spot',
      securityGroupIDs: ['sg-0a1'],
      instanceProfile: 'workspace',
      subnetID: 'subnet-0a1',
      privateIP: '10.0.0.7',
      clientToken: 'token-1',
      launchTime: '2026-01-02T03:04:05.000Z',
      stateReasonCode: 'Client.UserInitiatedShutdown',
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
