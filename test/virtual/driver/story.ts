/**
 * Stories in virtual time. The whole operator runs as it is (reconcilers, queues, caches, lease, observer, gateway
 * handlers, with its own default settings at life size) on the embedded API server and EC2, without sockets; chance comes
 * from a seed, so that a story goes the same way each time. A virtual hour of eight Workspaces takes about 1.5 s of CPU.
 *
 *     story('one change is one provision, though EC2’s answer is lost', {}, async (world) => {
 *       const names = await world.createFleet(8, { className: 'standard' });
 *       world.always('at most one is down', () => world.down().length <= 1 || `${world.down()} are down`);
 *       world.ec2({ action: 'RunInstances', fault: { kind: 'lostResponse', how: 'reset' } }, 'ws-3');
 *       await world.putSecret('shared-env', { KEY: 'b' });
 *       for (const name of names) await world.untilReady(name, 2);
 *       expect(world.provisions()).toHaveLength(2 * names.length);
 *     });
 *
 * What there is: time.ts (`pass`, `until`, `always`, `most`), people.ts (classes, Workspaces, Secrets, conditions, events),
 * books.ts (what EC2 really did, who is down), outages.ts (EC2 and API server refuse, lose and delay; quota; images and
 * agents that never heartbeat; what is cut off), processes.ts (operators: start, kill, freeze, at the very moment of a
 * call). `faults` are EC2's own and `scene` has all the rest. fleet.test.ts shows short stories. The simulator's laws
 * (test/simulator/laws/judge.ts) are judged throughout. What depends on sockets, processes or Postgres itself belongs in
 * test/scenarios.
 */
import { TestRunner, test } from 'vitest';
import { createWorld, type World, type WorldOptions } from './world.ts';

/** A test that plays in a world of its own; what fails comes with the timeline of all that happened there. */
export function story(law: string, options: WorldOptions, course: (world: World) => Promise<void>): void {
  test(law, () => play(options, course));
}

/**
 * The same within a test, for as many worlds as it wants.
 * @param signal aborted when the test has run out of time; by default the present test's
 */
export async function play(
  options: WorldOptions,
  course: (world: World) => Promise<void>,
  signal = TestRunner.getCurrentTest()?.context.signal,
): Promise<void> {
  const world = await createWorld(options, signal);
  try {
    await course(world);
    for (const operator of world.operators()) {
      const violations = await operator.series('workspace_ledger_violations_total');
      if (Object.keys(violations).length > 0 && !world.isEdited())
        throw new Error(`${operator.name} saw a broken ledger: ${JSON.stringify(violations)}`);
    }
  } catch (error) {
    const happened = `\n\nWhat happened until ${(world.now() / 1_000).toFixed(1)}s:\n${world.timeline()}\n`;
    // The test has failed by now, and shows no other error.
    if (signal?.aborted) console.error(happened);
    if (error instanceof Error) error.message += happened;
    throw error;
  }
}
