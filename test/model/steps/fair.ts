import { conditionOf } from '../world/key.ts';
import { classNameOf, machineDigest } from '../world/machine.ts';
import { SECOND } from '../world/timing.ts';
import { QUIET, type Step, type World } from '../world/world.ts';
import { cloud, landings, tick } from './cloud.ts';
import { passes, stalePasses } from './passes.ts';
import { people } from './people.ts';
import type { Rules } from './rules.ts';
import { steps } from './steps.ts';

/** What happens when no more goes wrong, most urgent first; only then does time pass. */
function* stages(world: World, rules: Rules): Generator<[names: RegExp, possible: Step[]]> {
  const { gone, process } = world;
  const late = [...landings(world), ...stalePasses(world)];
  if (gone) return yield [LATE, late];
  yield [LATE, [...(process.lagging ? passes(world, rules) : []), ...late, ...people(world)]];
  yield [DONE, passes(world, rules)];
  const ofCloud = cloud(world);
  yield [LIVES, ofCloud];
  yield [/^sweep$/, ofCloud];
  yield [/^a second passes$/, tick(world, SECOND)];
}

const LATE = /lands$|catches up$|^the former leader: |write arrives$|comes back$|its turn comes$/;
const DONE =
  /^(write|add finalizer|remove finalizer|read console|end|stop|start|run: (accepted|mismatch|over quota))$/;
const LIVES = /^(boots|bootstraps|is heard of|stopped|terminated|is heard again)/;

const MOST_STEPS = 400;

/** Whether the world has come to what its spec and secrets last said. */
function fulfilled({ object, gone, instances, content, machine }: World): boolean {
  if (object.deleting) return gone;
  if (object.paused) return true;
  const there = instances.filter(({ state }) => state !== 'terminated');
  const { status, restart, stopped } = object;
  const { launch, desired } = status ?? {};
  if (restart && status?.handled?.restart !== restart) return false;
  if (stopped)
    return there.every(({ state }) => state === 'stopped') && there.length <= 1 && launch !== undefined;
  const [only, ...others] = there;
  if (!only || others.length > 0 || launch?.number !== only.number || launch.readyAt === undefined)
    return false;
  const asked = machineDigest(object, classNameOf(object.klass), machine);
  if (desired?.machine !== asked || launch.machine !== desired.machine) return false;
  return only.state === 'running' && only.row?.fresh === true && only.row.env === content;
}

/** Follows the fair schedule from a world. */
export function leftAlone(rules: Rules, most = MOST_STEPS) {
  const good = new Set<string>();
  return (from: World): { law: string; trace: string[] } | undefined => {
    let world: World = { ...from, budget: { ...QUIET, ticks: Number.POSITIVE_INFINITY } };
    const path: string[] = [];
    const trace: string[] = [];
    for (let count = 0; count < most; count += 1) {
      const key = conditionOf(world);
      if (good.has(key)) {
        for (const passed of path) good.add(passed);
        return undefined;
      }
      path.push(key);
      const [name, next] = urgent(world, key, rules);
      if (name === 'a second passes' && fulfilled(world)) {
        for (const passed of path) good.add(passed);
        return undefined;
      }
      if (world.gone) {
        for (const passed of path) good.add(passed);
        return undefined;
      }
      trace.push(name);
      world = next;
    }
    return { law: 'left alone, it comes to what was last asked for', trace };
  };
}

function urgent(world: World, key: string, rules: Rules): Step {
  for (const [names, possible] of stages(world, rules)) {
    for (const found of possible) {
      if (!names.test(found[0])) continue;
      if (found[0] !== 'sweep' || conditionOf(found[1]) !== key) return found;
    }
  }
  return ['nothing', world];
}

/** The world to which these steps lead. */
export function along(names: readonly string[], from: World, rules: Rules): World {
  return names.reduce((world, name) => {
    const found = steps(world, rules).find(([it]) => it === name);
    if (!found) throw new Error(`${name} is no step that may follow here`);
    return found[1];
  }, from);
}

/** The world at rest that this one comes to. */
export function rest(from: World, rules: Rules): World {
  let world: World = { ...from, budget: { ...QUIET, ticks: Number.POSITIVE_INFINITY } };
  for (let count = 0; count < MOST_STEPS; count += 1) {
    const [name, next] = urgent(world, conditionOf(world), rules);
    if (name === 'a second passes' && fulfilled(world)) return { ...world, budget: from.budget };
    world = next;
  }
  throw new Error('it never came to rest');
}
