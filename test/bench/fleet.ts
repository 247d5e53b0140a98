import type { WorkspaceStatus } from '../../src/api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../src/api/kinds/workspaceClass.ts';
import { createFleet } from '../../src/reconcilers/fleet/fleet.ts';
import { classPasses } from '../support/fleet/classPasses.ts';
import { conditionsOf, createFleetWorld, DOWN, serving } from '../support/fleet/fleetWorld.ts';
import { rollOut } from '../support/fleet/rollOut.ts';
import {
  desiredOf,
  envDigest,
  launchOf,
  MINUTE,
  stamp,
  statusOf,
  waiting,
} from '../support/workspace/facts.ts';

// What the sums over a class cost as it grows; CPU, as this machine is shared. With a number, for that many Workspaces.
const [most = 8_000] = process.argv.slice(2).map(Number);
const sizes = [most / 4, most / 2, most];

function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function each(what: string, of: (count: number) => { count: number; ms: number }): void {
  const results = sizes.map((size) => {
    const { count, ms } = of(size);
    return { size, us: (ms * 1000) / count };
  });
  const growth = (results.at(-1)?.us ?? 0) / (results[0]?.us ?? 1);
  const figures = results.map(({ size, us }) => `${us.toFixed(1)} µs at ${size}`).join(', ');
  console.log(`${what}: ${figures}; × ${growth.toFixed(1)} for × ${most / (sizes[0] ?? 1)}`);
}

for (const unavailable of ['1', '10%']) {
  for (const size of sizes) {
    let costs: ReturnType<typeof rollOut> | undefined;
    const ms = cpuMs(() => {
      costs = rollOut(size, unavailable);
    });
    console.log(
      `roll-out of ${size}, at most ${unavailable} down: ${costs?.wakes} wakes, ${costs?.classWakes} of the class, ${costs?.passes} passes, ${(ms / 1000).toFixed(2)} s`,
    );
  }
}

const past = (number: number, kind: 'SecretChanged' | 'TimedOut') => ({
  number,
  generation: 2,
  cause: { kind, ref: String(number) },
  outcome: 'TimedOut' as const,
  endedAt: stamp(-MINUTE),
});
const history = [past(3, 'TimedOut'), past(2, 'SecretChanged')];
const failing = (content: string): WorkspaceStatus =>
  statusOf({
    desired: desiredOf(2, content),
    launch: waiting(4, { cause: { kind: 'TimedOut', ref: '3' }, generation: 2, failures: 2 }),
    conditions: DOWN,
    history,
  });

function classPass(size: number, statusAt: (index: number) => WorkspaceStatus) {
  const world = createFleetWorld({ rollout: { maxUnavailable: '10%' } });
  for (let index = 0; index < size; index += 1) world.write(`w${index}`, statusAt(index));
  return classPasses(world);
}

async function passes(what: string, statusAt: (index: number) => WorkspaceStatus): Promise<void> {
  const results: string[] = [];
  for (const size of sizes) {
    const { pass } = classPass(size, statusAt);
    const times: number[] = [];
    for (let index = 0; index < 12; index += 1) {
      const before = process.cpuUsage();
      await pass();
      const { user, system } = process.cpuUsage(before);
      times.push((user + system) / 1000);
    }
    const sorted = times.slice(2).sort((a, b) => a - b);
    results.push(`${(sorted[5] ?? 0).toFixed(2)} ms at ${size}`);
  }
  console.log(`a class's pass, ${what}: ${results.join(', ')}`);
}

await passes('all current', () => serving(MINUTE));
await passes('each failing with content of its own', (index) => failing(`own ${index}`));
const pairs = (index: number) =>
  index % 2 === 0
    ? failing(`pair ${index}`)
    : serving(MINUTE, { desired: desiredOf(2, `pair ${index - 1}`), conditions: DOWN });
await passes('half of them failing with content that another waits for', pairs);

const turnedAway = statusOf({
  launch: { number: 0, generation: 0, phase: 'Closed', failures: 0 },
  instance: undefined,
  conditions: conditionsOf({ Ready: ['False', 'ClassLimitReached'] }),
});

function changes(size: number, spec: Partial<WorkspaceClass['spec']>, status: WorkspaceStatus) {
  const world = createFleetWorld(spec);
  const namespace = (index: number) => `n${index % 100}`;
  for (let index = 0; index < 10; index += 1)
    world.write(`has${index}`, serving(MINUTE), { namespace: 'has' });
  for (let index = 0; index < size; index += 1) {
    const creationTimestamp = stamp(index * 1000);
    world.write(`w${index}`, status, { namespace: namespace(index), creationTimestamp });
  }
  const results = { wakes: 0, classWakes: 0 };
  createFleet({ ...world, onClass: () => void results.classWakes++, onPlace: () => void results.wakes++ });
  const count = 2_000;
  const ms = cpuMs(() => {
    for (let index = 0; index < count; index += 1) {
      const at = (index * 37) % size;
      world.write(`w${at}`, status, { namespace: namespace(at), creationTimestamp: stamp(at * 1000) });
    }
  });
  return { count, ms, ...results };
}

const b = envDigest('b');
each('a change, the others turned away', (size) =>
  changes(size, { maxInstances: 100, maxInstancesPerNamespace: 0 }, turnedAway),
);
each('a change, all serve', (size) => changes(size, {}, serving(MINUTE)));
each('a fact, the others turned away', (size) => {
  const world = createFleetWorld({ maxInstances: 10, maxInstancesPerNamespace: 3 });
  for (let index = 0; index < size; index += 1) {
    const creationTimestamp = stamp(index * 1000);
    world.write(`w${index}`, turnedAway, { namespace: `n${index % (size / 4)}`, creationTimestamp });
  }
  const fleet = world.fleet();
  const last = world.write('last', turnedAway, { creationTimestamp: stamp(size * 1000) });
  const count = 1_000;
  return { count, ms: cpuMs(() => void Array.from({ length: count }, () => fleet.factFor(last, [b]))) };
});

const written = changes(most, {}, { ...serving(MINUTE), launch: launchOf({ failures: 1 }) });
console.log(`of ${written.count} status writes that change no sum, ${written.classWakes} wake the class`);
