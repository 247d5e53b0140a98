import { createAssumptions } from './laws/assumptions.ts';
import { createFleetLaws } from './laws/fleetLaws.ts';
import { unfulfilled } from './laws/fulfilment.ts';
import { createJudge } from './laws/judge.ts';
import { createTraffic } from './laws/traffic.ts';
import { createActs, relent } from './mishaps/acts.ts';
import { MOST_LATE_MS } from './mishaps/cloudMishaps.ts';
import { createImages } from './mishaps/images.ts';
import { createMishaps } from './mishaps/mishaps.ts';
import { startOperators } from './scene/operators.ts';
import { createPeople, type People } from './scene/people.ts';
import { earlierRelease } from './scene/releases.ts';
import { CONFIG, createScene, QUEUE_CONFIG, type Scene } from './scene/scene.ts';
import { shapeOf } from './scene/shape.ts';

const STEP_MS = 1_000;
/** How long things go wrong, and how long it may take from then on until all is well, virtual ms. */
const UNREST_MS = 5 * 60_000;
const MOST_CALM_MS = 45 * 60_000;
/** So often somebody has halted roll-outs go on, while all is not well. */
const RESUME_EVERY_MS = 10 * 60_000;
/** In which nothing more may be asked of EC2 but what shows its state, and nothing written but the lease. */
const STEADY_MS = 60_000;
/** How long sweeps don't rest after a missed event, with a margin. */
const DISTRUST_MS = 11 * 60_000;
const RESTED_ROUNDS = 3;
/** In which a launch is over, and sweeps rest. */
const REST_MS = 3 * 60_000;
/** Timers and turns of one history; the longest seen has a fifth of that. */
const MOST_EVENTS = 2_000_000;

/** What one history came to. */
export interface History {
  provisions: number;
  deaths: number;
  virtualMs: number;
  /** The law that broke after the assumption that the history had broken before. */
  beyond?: { assumption: string; law: string };
  /** The most writes of one object and calls of one action in a minute. */
  most: { writes: number; calls: number };
}

/** @throws with the law that broke though all assumptions held, what led to it, and how to see it again. */
export async function simulate(seed: number, mostLateMs = MOST_LATE_MS): Promise<History> {
  let scene: Scene | undefined;
  const traffic = createTraffic(() => scene?.clock);
  const config = shapeOf(seed).hasQueue ? QUEUE_CONFIG : CONFIG;
  scene = await createScene(seed, { config, wire: traffic.wire, mostEvents: MOST_EVENTS });
  try {
    return await play(scene, seed, mostLateMs, traffic);
  } finally {
    scene.end();
  }
}

class Broken extends Error {}

async function play(
  scene: Scene,
  seed: number,
  mostLateMs: number,
  traffic: ReturnType<typeof createTraffic>,
): Promise<History> {
  const { clock, random } = scene;
  const shape = shapeOf(seed);
  const people = await createPeople(scene, shape);
  const images = createImages(scene);
  const operators = startOperators(scene, 2, shape.releases ? await earlierRelease() : undefined);
  const act = createActs(scene, people, shape, images);
  const mishap = createMishaps(scene, operators, people, shape, mostLateMs);
  const judge = createJudge(scene, people);
  const fleet = createFleetLaws(scene, people, shape);
  const assumptions = createAssumptions(scene);

  const fail = (law: string): never => {
    throw new Broken(law);
  };
  const step = async () => {
    await clock.advance(STEP_MS);
    assumptions.look();
    const broken = (await judge.look()) ?? (shape.releases ? undefined : (fleet.look() ?? traffic.look()));
    if (broken) fail(broken);
  };
  const historySoFar = (): History => ({
    provisions: scene.service.cloud.ledger.provisions().length,
    deaths: scene.trace.filter((line) => line.includes(' dies ')).length,
    virtualMs: clock.monotonic(),
    most: traffic.most(),
  });

  async function history(): Promise<void> {
    const until = clock.monotonic() + UNREST_MS;
    while (clock.monotonic() < until) {
      if (random.next() < shape.acts) scene.note(await act());
      if (random.next() < shape.mishaps) scene.note(mishap());
      await step();
    }
    await settle();
    if (shape.hasQueue) {
      await fromRest();
      await settle();
    }
    await steady(scene, step, fail);
    for (const line of scene.logs) {
      if (isFalseAlarm(line, people)) fail(`the operator says that its ledger is broken: ${line}`);
      for (const content of people.contents)
        if (line.includes(content)) fail(`S9: a log line holds ${content}`);
    }
  }

  async function settle(): Promise<void> {
    scene.note('from here on nothing goes wrong');
    scene.service.faults.clear();
    scene.api.faults.clear();
    operators.rest();
    await relent(people, images);
    await calm(scene, people, step, fail);
  }

  async function pass(ms: number): Promise<void> {
    const until = clock.monotonic() + ms;
    while (clock.monotonic() < until) await step();
  }

  /** Sweeps rest only once all was well for a while: what happens then is found late, or by its events. */
  async function fromRest(): Promise<void> {
    await pass(DISTRUST_MS);
    for (let round = 0; round < RESTED_ROUNDS; round += 1) {
      scene.note(await act());
      await pass(REST_MS);
      scene.note(mishap());
      scene.note(mishap());
      await pass(REST_MS * random.next());
    }
  }

  try {
    await history();
    return historySoFar();
  } catch (error) {
    const law = error instanceof Error ? error.message : String(error);
    const assumption = assumptions.broken();
    if (assumption !== undefined && error instanceof Broken)
      return { ...historySoFar(), beyond: { assumption, law } };
    const trace = scene.trace.slice(-60).join('\n  ');
    const stands = unfulfilled(scene, people) ?? 'all is as it was asked for';
    throw new Error(`${law}\n  ${trace}\n  ${stands}\nAgain: SEED=${seed} npx vitest run test/simulator`, {
      cause: error,
    });
  }
}

/** The laws held; but of a Workspace whose status somebody edited they say nothing, and its alarm may be true. */
function isFalseAlarm(line: string, people: People): boolean {
  if (!line.includes('"ledger.violated"')) return false;
  const { uid } = JSON.parse(line) as { uid: string };
  return !people.isEdited(uid);
}

/** Waits until all is as it was last asked for. */
async function calm(
  scene: Scene,
  people: People,
  step: () => Promise<void>,
  fail: (law: string) => never,
): Promise<void> {
  const begin = scene.clock.monotonic();
  let resumed = 0;
  for (;;) {
    const wrong = unfulfilled(scene, people);
    if (!wrong) return;
    const ms = scene.clock.monotonic() - begin;
    if (ms > MOST_CALM_MS) fail(`left alone, it does not come to what was asked for: ${wrong}`);
    if (ms > (resumed + 1) * RESUME_EVERY_MS) {
      resumed += 1;
      for (const name of people.classes())
        if (people.klass(name).status?.halted?.length) {
          scene.note(`class ${name} is to resume`);
          await people.editClass(name, { requests: { resume: `calm-${resumed}` } });
        }
    }
    await step();
  }
}

/** Calls that change nothing of an instance. */
const READS = /^Describe|Message/;

function asked({ service, api }: Scene): string {
  const effects = service.cloud.ledger.calls().filter(({ action }) => !READS.test(action));
  const writes = api.counters
    .rows()
    .filter(
      ({ verb, resource, userAgent }) =>
        /^(create|update|patch|delete)$/.test(verb) &&
        !resource.startsWith('leases') &&
        userAgent.startsWith('operator'),
    );
  return JSON.stringify([effects, writes]);
}

/** Conditions and counts may follow for a while; then nothing is written. */
async function steady(scene: Scene, step: () => Promise<void>, fail: (law: string) => never): Promise<void> {
  const { clock } = scene;
  const latest = clock.monotonic() + MOST_CALM_MS;
  let [before, since] = [asked(scene), clock.monotonic()];
  while (clock.monotonic() - since < STEADY_MS) {
    await step();
    const now = asked(scene);
    if (now !== before) [before, since] = [now, clock.monotonic()];
    if (clock.monotonic() > latest)
      fail('it never comes to rest: it goes on writing, or asking EC2 for changes');
  }
}
