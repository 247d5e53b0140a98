import { expect } from 'vitest';
import { ACCOUNT } from './moto.ts';
import { contract, outcomeOf } from './support/clouds.ts';

const TAGGED = [{ name: 'tag:workspaces', values: ['true'] }];

contract('what an account has', ACCOUNT, (law) => {
  law('subnets are found by their tags, with zone, VPC and room', async ({ calls, subnets, vpcID }) => {
    const found = await calls.describeSubnets({ filters: TAGGED });
    for (const { id, zone } of subnets)
      expect(found).toContainEqual({ id, zone, vpcID, availableAddresses: expect.any(Number) });
    for (const { availableAddresses } of found) expect(availableAddresses).toBeGreaterThan(0);
    expect(await calls.describeSubnets({ filters: [{ name: 'tag:workspaces', values: ['no'] }] })).toEqual(
      [],
    );
  });

  law('subnets are found by id', async ({ calls, subnets: [a, b] }) => {
    const found = await calls.describeSubnets({ ids: [a.id, b.id] });
    expect(found.map(({ id }) => id).sort()).toEqual([a.id, b.id].sort());
  });

  law('a subnet that does not exist is NotFound', async ({ calls, subnets: [a] }) => {
    const ids = [a.id, 'subnet-0123456789abcdef0'];
    expect(await outcomeOf(calls.describeSubnets({ ids }))).toBe('userFix InvalidSubnetID.NotFound');
  });

  law('an instance takes an address of its subnet, and gives it back', async (cloud) => {
    const { calls, subnets } = cloud;
    const { id: subnetID, zone } = subnets[1];
    const room = async () => (await calls.describeSubnets({ ids: [subnetID] }))[0]?.availableAddresses ?? 0;
    const before = await room();
    const id = await cloud.launch({ params: { subnetID, zone } });
    expect(await room()).toBe(before - 1);
    await calls.terminateInstances([id]);
    await cloud.until(id, 'terminated');
    expect(await room()).toBe(before);
  });

  law('security groups are found by their tags', async ({ calls, securityGroupID, vpcID }) => {
    expect(await calls.describeSecurityGroups({ filters: TAGGED })).toEqual([{ id: securityGroupID, vpcID }]);
    const filters = [{ name: 'tag:workspaces', values: ['no'] }];
    expect(await calls.describeSecurityGroups({ filters })).toEqual([]);
  });

  law('security groups are found by id', async ({ calls, securityGroupID, vpcID }) => {
    const found = await calls.describeSecurityGroups({ ids: [securityGroupID] });
    expect(found).toEqual([{ id: securityGroupID, vpcID }]);
  });

  law('a security group that does not exist is NotFound', async ({ calls }) => {
    expect(await outcomeOf(calls.describeSecurityGroups({ ids: ['sg-0123456789abcdef0'] }))).toBe(
      'userFix InvalidGroup.NotFound',
    );
  });

  law('an image says what a launch must know', async ({ calls, imageID, rootDeviceName }) => {
    expect(await calls.describeImages([imageID])).toEqual([
      { id: imageID, architecture: 'x86_64', state: 'available', rootDeviceName },
    ]);
  });

  law('an image that does not exist is NotFound', async ({ calls, imageID }) => {
    expect(await outcomeOf(calls.describeImages([imageID, 'ami-0123456789abcdef0']))).toBe(
      'userFix InvalidAMIID.NotFound',
    );
  });

  law('an image id that is none is malformed', async ({ calls }) => {
    expect(await outcomeOf(calls.describeImages(['image-1']))).toBe('userFix InvalidAMIID.Malformed');
  });

  law('a parameter has a value', async ({ calls, parameter, imageID }) => {
    expect(await calls.getParameter(parameter)).toBe(imageID);
  });

  law('a parameter that does not exist is the caller’s to fix', async ({ calls }) => {
    expect(await outcomeOf(calls.getParameter('/nobody/made/this'))).toBe('userFix ParameterNotFound');
  });

  law('the console of an instance that has just been launched is empty', async ({ calls, launch }) => {
    expect(await calls.getConsoleOutput(await launch())).toBe('');
  });

  law('the console of what does not exist is gone', async ({ calls }) => {
    expect(await outcomeOf(calls.getConsoleOutput('i-0123456789abcdef0'))).toBe(
      'gone InvalidInstanceID.NotFound',
    );
  });
});
