import type { Effect } from '../../../src/reconcilers/workspace/decide/facts/view.ts';
import { processWith, seenBy, spent } from '../world/parts.ts';
import { readBy, readOwn } from '../world/quotas.ts';
import { NOW } from '../world/timing.ts';
import { freshProcess, type StalePass, type Step, type World } from '../world/world.ts';
import { settled, step, written } from './change.ts';
import { perform } from './effects.ts';
import type { Rules } from './rules.ts';

/** One pass of the loop: decide, write, perform, with everything that can go wrong on the way. */
export function passes(world: World, rules: Rules): Step[] {
  const { decision, status } = rules(world);
  const { effect } = decision;
  const write = status === seenBy(world).status ? undefined : status;
  if (world.process.lagging) return lateToLearn(world, { write, effect });
  const base = write ? written(world, { write, effect }) : world;
  const after = write ? { ...base, ...processWith(base, { wrote: true }) } : base;
  const known = decision.settled ? settled(after) : after;
  const based = decision.disarmed ? { ...known, ...processWith(known, UNSENT) } : known;
  const result: Step[] = [];
  const waits = world.queued && effect !== undefined && standsInLine(effect);
  if (effect && !waits) result.push(...perform(based, effect), ...withoutToken(based, effect));
  else if (based !== world) result.push(step(based, 'write', {}));
  return [...result, ...takeovers(world, { write, effect })];
}

/** Nothing came of what was sent, and nothing can any more. */
const UNSENT = { sends: undefined, answer: undefined };

/** Whether it is a request to EC2, which has a line. */
function standsInLine(effect: Effect): boolean {
  return effect.kind !== 'AddFinalizer' && effect.kind !== 'RemoveFinalizer';
}

/** It is on record, and AWS has asked for a pause since: nothing is sent. */
function withoutToken(world: World, effect: Effect): Step[] {
  if (world.budget.queues === 0 || !standsInLine(effect)) return [];
  return [step(world, 'no token after all', { ...spent(world, 'queues'), queued: true })];
}

/** From an old version every write is a conflict; an effect that needs none is performed. */
function lateToLearn(world: World, { write, effect }: Pick<StalePass, 'write' | 'effect'>): Step[] {
  const caughtUp = step(
    world,
    'the informer catches up',
    processWith(world, { lagging: undefined, heard: [...world.process.heard, ...readOwn(world)] }),
  );
  const patches = effect?.kind === 'AddFinalizer' || effect?.kind === 'RemoveFinalizer';
  const conflicts = (write && !world.terms.sendsAfterConflict) || patches;
  return effect && !conflicts ? [caughtUp, ...perform(world, effect)] : [caughtUp];
}

/** Another process takes the lease at this point of a pass, with an informer that is abreast, or a version behind. */
function takeovers(world: World, pass: Pick<StalePass, 'write' | 'effect'>): Step[] {
  if (world.budget.takeovers === 0) return [];
  const { budget, previous } = world;
  const begun = pass.write || pass.effect ? [{ write: pass.write, effect: pass.effect, lostAt: NOW }] : [];
  const takeOver = (name: string, lagging: boolean) =>
    step(world, name, {
      budget: { ...budget, takeovers: budget.takeovers - 1 },
      stale: [...world.stale, ...begun],
      previous: undefined,
      process: {
        ...freshProcess(world.process.epoch + 1),
        heard: readBy({ ...world, object: lagging && previous ? previous : world.object }),
        lagging: lagging ? previous : undefined,
      },
    });
  const abreast = takeOver('another leads', false);
  return previous ? [abreast, takeOver('another leads, its informer lags', true)] : [abreast];
}

/** What a former leader had begun goes on without it: its write, if its version is still the newest, then its effect. */
export function stalePasses(world: World): Step[] {
  return world.stale.flatMap((pass) => {
    const others = world.stale.filter((it) => it !== pass);
    const without = { ...world, stale: others };
    const dies = step(without, 'the former leader dies', {});
    const { write, effect } = pass;
    if (!write) {
      const arrives = effect
        ? perform({ ...without, budget: { ...without.budget, losses: 0, refusals: 0 } }, effect)
        : [];
      return [...arrives.slice(0, 1).map(([name, next]): Step => asFormer(without, name, next)), dies];
    }
    const after = written(without, { write, effect });
    const rest = effect ? [...after.stale, { ...pass, write: undefined }] : after.stale;
    return [step(after, 'the former leader’s write arrives', { stale: rest }), dies];
  });
}

/** The effect reached the other side; the present process knows nothing of it. */
function asFormer(world: World, name: string, { object, gone, instances, stale, previous }: World): Step {
  return step(world, `the former leader: ${name}`, { object, gone, instances, stale, previous });
}
