import { expect } from 'vitest';
import { LAUNCH } from './moto.ts';
import { contract, outcomeOf } from './support/clouds.ts';

contract('RunInstances', LAUNCH, (law) => {
  law('a dry run that would work is refused as one, and launches nothing', async ({ calls, request }) => {
    const asked = request({ dryRun: true, tags: { dry: 'run' } });
    expect(await outcomeOf(calls.runInstances(asked))).toBe('dryRunOK DryRunOperation');
    const filters = [{ name: 'tag:dry', values: ['run'] }];
    expect(await calls.describeInstances({ filters })).toEqual({ items: [] });
  });

  law('a dry run binds no token', async ({ calls, request }) => {
    const asked = request();
    expect(await outcomeOf(calls.runInstances({ ...asked, dryRun: true }))).toBe('dryRunOK DryRunOperation');
    expect(await calls.runInstances(asked)).toMatchObject({ clientToken: asked.clientToken });
  });

  law('the answer is the instance as it was asked for, pending', async ({ calls, request, ...account }) => {
    const asked = request({ tags: { empty: '', 'a/b:c': 'ü =+-@' } });
    const launched = await calls.runInstances(asked);
    expect(launched).toMatchObject({
      id: expect.stringMatching(/^i-[0-9a-f]{17}$/),
      state: 'pending',
      type: account.instanceType,
      zone: account.subnets[0].zone,
      subnetID: account.subnets[0].id,
      privateIP: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/),
      tags: { test: 'contract', empty: '', 'a/b:c': 'ü =+-@' },
    });
    expect(Date.parse(launched.launchTime ?? '')).not.toBeNaN();
  });

  law('the token is shown with the instance', async ({ calls, request }) => {
    const asked = request();
    expect(await calls.runInstances(asked)).toMatchObject({ clientToken: asked.clientToken });
  });

  law('an instance is pending before it runs', async ({ launch, stateOf, until }) => {
    const id = await launch();
    expect(await stateOf(id)).toBe('pending');
    await until(id, 'running');
  });

  law('what is launched comes to run', async ({ launch, until }) => {
    await until(await launch(), 'running');
  });

  law('the subnet decides the zone', async ({ calls, request, subnets: [, other] }) => {
    const launched = await calls.runInstances(request({ params: { subnetID: other.id, zone: other.zone } }));
    expect(launched).toMatchObject({ subnetID: other.id, zone: other.zone });
  });

  law('the same token and parameters are the same instance', async ({ calls, request }) => {
    const asked = request({ tags: { once: 'only' } });
    const first = await calls.runInstances(asked);
    expect((await calls.runInstances(asked)).id).toBe(first.id);
    const { items } = await calls.describeInstances({ filters: [{ name: 'tag:once', values: ['only'] }] });
    expect(items.map(({ id }) => id)).toEqual([first.id]);
  });

  law('the same token with other parameters is a mismatch, and launches nothing', async (cloud) => {
    const asked = cloud.request({ tags: { mismatch: 'yes' } });
    await cloud.calls.runInstances(asked);
    const other = { ...asked, userData: '#!/bin/sh\necho other\n' };
    expect(await outcomeOf(cloud.calls.runInstances(other))).toBe('mismatch IdempotentParameterMismatch');
    const { items } = await cloud.calls.describeInstances({
      filters: [{ name: 'tag:mismatch', values: ['yes'] }],
    });
    expect(items).toHaveLength(1);
  });

  law('a token that a refusal used is free', async ({ calls, request }) => {
    const asked = request();
    const refused = { ...asked, params: { ...asked.params, imageID: 'ami-0123456789abcdef0' } };
    expect(await outcomeOf(calls.runInstances(refused))).toBe('userFix InvalidAMIID.NotFound');
    expect((await calls.runInstances(asked)).state).toBe('pending');
  });

  law('the token of an ended instance launches no other', async ({ calls, request, until }) => {
    const asked = request();
    const { id } = await calls.runInstances(asked);
    await calls.terminateInstances([id]);
    await until(id, 'terminated');
    // Since 2025 it may be refused instead (boto/boto3#4406).
    const again = await calls.runInstances(asked).catch(({ code }: { code: string }) => ({ id: code }));
    expect([id, 'IdempotentInstanceTerminated']).toContain(again.id);
  });

  const refusals: readonly (readonly [string, object, string])[] = [
    ['an image that does not exist', { imageID: 'ami-0123456789abcdef0' }, 'InvalidAMIID.NotFound'],
    ['an image id that is none', { imageID: 'image-1' }, 'InvalidAMIID.Malformed'],
    ['a subnet that does not exist', { subnetID: 'subnet-0123456789abcdef0' }, 'InvalidSubnetID.NotFound'],
    [
      'a security group that does not exist',
      { securityGroupIDs: ['sg-0123456789abcdef0'] },
      'InvalidGroup.NotFound',
    ],
    ['an instance type that is none', { instanceType: 'm99.huge' }, 'InvalidParameterValue'],
    ['an instance profile that does not exist', { instanceProfile: 'nobody' }, 'InvalidParameterValue'],
  ];
  for (const [what, params, code] of refusals) {
    law(`${what} is the caller’s to fix: ${code}`, async ({ calls, request }) => {
      expect(await outcomeOf(calls.runInstances(request({ params })))).toBe(`userFix ${code}`);
    });
    law(`${what} is refused by a dry run too`, async ({ calls, request }) => {
      expect(await outcomeOf(calls.runInstances(request({ params, dryRun: true })))).toBe(`userFix ${code}`);
    });
  }

  law('a tag key that comes twice is refused', async ({ calls, request }) => {
    const tags = [
      { key: 'a', value: '1' },
      { key: 'a', value: '2' },
    ];
    expect(await outcomeOf(calls.runInstances(request({ params: { tags } })))).toBe(
      'userFix InvalidParameterValue',
    );
  });

  law('user data of more than 16 KiB is refused', async ({ calls, request }) => {
    expect(await outcomeOf(calls.runInstances(request({ userData: '#'.repeat(16_385) })))).toBe(
      'userFix InvalidParameterValue',
    );
  });

  law('a one-time Spot instance is launched as any other', async ({ calls, request, until }) => {
    const { id } = await calls.runInstances(request({ params: { capacityType: 'Spot' } }));
    await until(id, 'running');
  });
});
