import type { Clock } from '../../src/controller/lib/clock.ts';
import type { Ec2Server } from '../ec2/server.ts';
import type { Narrator } from '../terminal/narrator.ts';
import { type Books, readBooks } from './books.ts';
import { createNaiveController, NAIVE_TAG } from './naive.ts';
import { runProbes } from './probes.ts';

export interface NaiveOutcome {
  before: Books;
  after: Books;
  /** Probes that read "not running" as dead, and were obeyed. */
  cries: number;
}

/** The incident: one secret saved, and everybody who is worried restarts. */
export async function playNaiveStory(options: {
  ec2: Ec2Server;
  clock: Clock;
  speed: number;
  narrator: Narrator;
  signal: AbortSignal;
}): Promise<NaiveOutcome> {
  const { ec2, clock, speed, narrator, signal } = options;
  const controller = createNaiveController({ ec2, clock, signal });
  try {
    narrator.step('The old way: each probe that reads "not running" asks for stop-and-provision');
    await narrator.waiting(() => 'its first instance is pending', controller.start());
    narrator.print(`${controller.present()} is running`);
    const before = readBooks(ec2, NAIVE_TAG);

    narrator.print('one secret is saved: restart');
    narrator.print(`  stop, provision ${await controller.stopAndProvision()}`);
    const target = {
      look: controller.state,
      async complain(probe: string, state: string) {
        narrator.print(`${probe} reads ${controller.present()} is ${state}: dead! restart`);
        narrator.print(`  stop, provision ${await controller.stopAndProvision()}`, 'bad');
      },
    };
    const cries = await narrator.waiting(
      () => `${controller.present()} is pending, and probes come round`,
      runProbes(target, { clock, speed, signal }),
    );
    await narrator.waiting(() => `${controller.present()} is pending`, controller.untilRunning());
    narrator.print(`${controller.present()} is running`);
    const after = readBooks(ec2, NAIVE_TAG);
    const provisions = after.provisions.length - before.provisions.length;
    narrator.print(`one change, ${provisions} provisions by the cloud's own books`, 'bad');
    return { before, after, cries };
  } finally {
    controller.close();
  }
}
