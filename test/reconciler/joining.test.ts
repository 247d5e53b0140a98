import { expect, test } from 'vitest';
import { wallMs } from '../support/base/moments.ts';
import { type Bench, createBench } from './bench.ts';

/** Everything that is superseded ends; everything new is heard of, and holds what is desired. */
async function liveOn(bench: Bench, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 5_000) {
    for (const [id, { state }] of bench.memory.instances) {
      if (state === 'shutting-down') bench.put(id, { state: 'terminated' });
      if (state === 'pending') bench.put(id, { state: 'running' });
    }
    const { metadata, status } = await bench.workspace();
    const launch = status?.launch;
    if (launch?.instanceID && bench.memory.instances.get(launch.instanceID)?.state === 'running') {
      bench.evidence.rows = [
        {
          uid: metadata.uid,
          number: launch.number,
          env: status?.instance?.env ?? status?.desired?.env ?? '',
          lastHeartbeatAt: wallMs(1),
          fresh: true,
          reports: 0,
        },
      ];
    }
    await bench.clock.advance(5_000);
    await bench.settle(20);
  }
}

async function waitingForItsPredecessor(): Promise<Bench> {
  const bench = await createBench();
  await bench.createClass();
  await bench.createWorkspace({ env: [{ name: 'A', value: '1' }] });
  await bench.bringUp();
  await bench.clock.advance(120_000);
  await bench.patchWorkspace({ spec: { env: [{ name: 'A', value: '2' }] } });
  await bench.settle();
  await bench.clock.advance(3_000);
  await bench.settle();
  expect((await bench.workspace()).status?.launch).toMatchObject({ number: 2, phase: 'Waiting' });
  return bench;
}

test('a class edited as the predecessor ends joins the waiting launch: it is not provisioned for again', async () => {
  const bench = await waitingForItsPredecessor();
  await bench.patchClass({ rootVolume: { sizeGiB: 50 } });
  bench.put('i-1', { state: 'terminated' });
  await bench.settle();
  await liveOn(bench, 300_000);
  expect(bench.runs.map(({ params }) => params.rootVolume.sizeGiB)).toEqual([30, 50]);
});

test('a class edited as the predecessor ends, and back again at once, leaves an instance of the class as it is', async () => {
  const bench = await waitingForItsPredecessor();
  await bench.patchClass({ rootVolume: { sizeGiB: 50 } });
  bench.put('i-1', { state: 'terminated' });
  await bench.settle();
  await bench.patchClass({ rootVolume: { sizeGiB: 30 } });
  await bench.settle();
  await liveOn(bench, 300_000);
  expect(bench.runs.at(-1)?.params.rootVolume.sizeGiB).toBe(30);
  expect(bench.runs).toHaveLength(2);
});

test('a class edited while its terms are looked up is looked up again: nothing is sent with another class’s subnets', async () => {
  const bench = await createBench();
  await bench.createClass();
  await bench.createWorkspace();
  const { resolve } = bench.deps.resolver;
  bench.deps.resolver.peek = () => undefined;
  let lookups = 0;
  bench.deps.resolver.resolve = async (spec) => {
    lookups += 1;
    if (lookups === 1) {
      await bench.patchClass({ subnets: [{ id: 'subnet-2' }] });
      await bench.sync();
    }
    const resolution = await resolve(spec);
    const subnets = spec.subnets.map(({ id = '' }) => ({
      id,
      zone: 'a',
      vpcID: 'vpc-1',
      availableAddresses: 9,
    }));
    return resolution.ok ? { ...resolution, subnets } : resolution;
  };
  // A pass begins each look-up, and a later one has its answer.
  for (let count = 0; count < 3; count += 1) {
    await bench.settle();
    await bench.clock.advance(3_000);
  }
  expect(lookups).toBe(2);
  expect(bench.runs.map(({ params }) => params.subnetID)).toEqual(['subnet-2']);
});
