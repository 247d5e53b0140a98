import { createJudge, unfulfilled } from './judge.ts';
import { createMishaps, MOST_LATE_MS } from './mishaps.ts';
import { startOperators } from './operators.ts';
import { createPeople } from './people.ts';
import { createScene, type Scene } from './scene.ts';

const STEP_MS = 1_000;
/** How long things go wrong, and how long it may take from then on until all is well, virtual ms. */
const UNREST_MS = 5 * 60_000;
const WISHES_A_SECOND = 0.04;
const MISHAPS_A_SECOND = 0.12;
const MOST_CALM_MS = 30 * 60_000;
/** In which nothing more may be asked of EC2 but what shows its state, and nothing written but the lease. */
const STEADY_MS = 60_000;

/** What one history came to. */
export interface Told {
  provisions: number;
  deaths: number;
  virtualMs: number;
}

/** @throws with the law that broke, what led to it, and how to see it again. */
export async function simulate(seed: number, mostLateMs = MOST_LATE_MS): Promise<Told> {
  const scene = await createScene(seed);
  try {
    return await play(scene, seed, mostLateMs);
  } finally {
    scene.end();
  }
}

async function play(scene: Scene, seed: number, mostLateMs: number): Promise<Told> {
  const people = await createPeople(scene, 2);
  const operators = startOperators(scene, 2);
  const mishap = createMishaps(scene, operators, mostLateMs);
  const judge = createJudge(scene, people);
  const { clock, random } = scene;

  const fail = (law: string): never => {
    const trace = scene.trace.slice(-60).join('\n  ');
    throw new Error(`${law}\n  ${trace}\nAgain: SEED=${seed} npx vitest run test/simulator`);
  };
  const step = async () => {
    await clock.advance(STEP_MS);
    const broken = await judge.look();
    if (broken) fail(broken);
  };

  const until = clock.monotonic() + UNREST_MS;
  while (clock.monotonic() < until) {
    if (random.next() < WISHES_A_SECOND) scene.note(await people.act());
    if (random.next() < MISHAPS_A_SECOND) scene.note(mishap());
    await step();
  }
  scene.note('from here on nothing goes wrong');
  scene.service.faults.clear();
  scene.api.faults.clear();
  operators.rest();
  const latest = clock.monotonic() + MOST_CALM_MS;
  for (;;) {
    const wrong = await unfulfilled(scene, people);
    if (!wrong) break;
    if (clock.monotonic() > latest) fail(`left alone, it does not come to what was asked for: ${wrong}`);
    await step();
  }
  await steady(scene, step, fail);
  for (const line of scene.logs) {
    for (const content of people.contents)
      if (line.includes(content)) fail(`S9: a log line holds ${content}`);
  }
  const deaths = scene.trace.filter((line) => line.includes(' dies ')).length;
  return { provisions: scene.service.cloud.ledger.provisions().length, deaths, virtualMs: clock.monotonic() };
}

function asked({ service, api }: Scene): string {
  const effects = service.cloud.ledger.calls().filter(({ action }) => !action.startsWith('Describe'));
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
