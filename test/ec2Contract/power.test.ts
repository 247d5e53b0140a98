import { expect } from 'vitest';
import { POWER } from './moto.ts';
import { contract, outcomeOf } from './support/clouds.ts';

const ABSENT = 'i-0123456789abcdef0';

contract('ending, stopping and starting', POWER, (law) => {
  law('what runs is terminated, and shown for a while: with its tags, without an address', async (cloud) => {
    const id = await cloud.launch({ tags: { kept: 'yes' } });
    await cloud.until(id, 'running');
    await cloud.calls.terminateInstances([id]);
    await cloud.until(id, 'terminated');
    const [shown] = (await cloud.calls.describeInstances({ ids: [id] })).items;
    expect(shown?.tags).toMatchObject({ kept: 'yes' });
    expect(shown).not.toHaveProperty('privateIP');
    expect(shown).not.toHaveProperty('subnetID');
  });

  law('an end that was asked for says so', async ({ calls, launch, until }) => {
    const id = await launch();
    await calls.terminateInstances([id]);
    await until(id, 'terminated');
    const [shown] = (await calls.describeInstances({ ids: [id] })).items;
    expect(shown?.stateReason).toMatch(/^Client\.UserInitiatedShutdown/);
  });

  law('an instance shuts down before it is terminated', async ({ calls, launch, stateOf, until }) => {
    const id = await launch();
    await until(id, 'running');
    await calls.terminateInstances([id]);
    expect(await stateOf(id)).toBe('shutting-down');
    await until(id, 'terminated');
  });

  law('a pending instance can be ended', async ({ calls, launch, until }) => {
    const id = await launch();
    await calls.terminateInstances([id]);
    await until(id, 'terminated');
  });

  law('ending the ended is no error', async ({ calls, launch, until }) => {
    const id = await launch();
    await calls.terminateInstances([id]);
    await until(id, 'terminated');
    await calls.terminateInstances([id]);
    await until(id, 'terminated');
  });

  const actions = ['terminateInstances', 'stopInstances', 'startInstances'] as const;
  for (const action of actions) {
    law(`${action} of an instance that does not exist says that it is gone`, async ({ calls }) => {
      expect(await outcomeOf(calls[action]([ABSENT]))).toBe('gone InvalidInstanceID.NotFound');
    });

    law(`${action} of an id that is none is malformed`, async ({ calls }) => {
      expect(await outcomeOf(calls[action](['instance-1']))).toBe('userFix InvalidInstanceID.Malformed');
    });
  }

  law('where one of them does not exist, none is ended', async ({ calls, launch, stateOf, until }) => {
    const id = await launch();
    await until(id, 'running');
    expect(await outcomeOf(calls.terminateInstances([id, ABSENT]))).toBe('gone InvalidInstanceID.NotFound');
    expect(await stateOf(id)).toBe('running');
  });

  law('what runs is stopped and started again, the same instance', async ({ calls, launch, until }) => {
    const id = await launch({ tags: { stays: 'itself' } });
    await until(id, 'running');
    await calls.stopInstances([id]);
    await until(id, 'stopped');
    await calls.startInstances([id]);
    await until(id, 'running');
    const [shown] = (await calls.describeInstances({ ids: [id] })).items;
    expect(shown?.tags).toMatchObject({ stays: 'itself' });
  });

  law('an instance is stopping before it is stopped', async ({ calls, launch, stateOf, until }) => {
    const id = await launch();
    await until(id, 'running');
    await calls.stopInstances([id]);
    expect(await stateOf(id)).toBe('stopping');
    await until(id, 'stopped');
  });

  law('an instance is pending before it runs again', async ({ calls, launch, stateOf, until }) => {
    const id = await launch();
    await until(id, 'running');
    await calls.stopInstances([id]);
    await until(id, 'stopped');
    await calls.startInstances([id]);
    expect(await stateOf(id)).toBe('pending');
    await until(id, 'running');
  });

  law('stopping the stopped and starting what runs are no errors', async ({ calls, launch, until }) => {
    const id = await launch();
    await until(id, 'running');
    await calls.startInstances([id]);
    await until(id, 'running');
    await calls.stopInstances([id]);
    await until(id, 'stopped');
    await calls.stopInstances([id]);
    await until(id, 'stopped');
  });

  for (const action of ['stopInstances', 'startInstances'] as const) {
    law(`${action} of what has ended is a wrong state`, async ({ calls, launch, until }) => {
      const id = await launch();
      await calls.terminateInstances([id]);
      await until(id, 'terminated');
      expect(await outcomeOf(calls[action]([id]))).toMatch(/ IncorrectInstanceState$/);
    });
  }

  law('a one-time Spot instance can not be stopped', async ({ calls, launch, stateOf, until }) => {
    const id = await launch({ params: { capacityType: 'Spot' } });
    await until(id, 'running');
    expect(await outcomeOf(calls.stopInstances([id]))).toBe('userFix UnsupportedOperation');
    expect(await stateOf(id)).toBe('running');
  });
});
