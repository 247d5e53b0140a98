import type { WorkspaceStatus } from '../../src/api/workspace.ts';
import { decide } from '../../src/reconcilers/workspace/decide/decide.ts';
import type { Effect } from '../../src/reconcilers/workspace/decide/decision.ts';
import type { LaunchAnswer, ValidationFact } from '../../src/reconcilers/workspace/decide/facts.ts';
import { asSeen, bump, clone, crash, noteLoss, type Step, spend, step } from './change.ts';
import { factsOf } from './facts.ts';
import { freshProcess, type StalePass, type World } from './world.ts';

const validations: ValidationFact[] = [];

/** One pass of the loop: decide, write, perform, with everything that can go wrong on the way. */
export function passes(world: World): Step[] {
  const seen = asSeen(world);
  const { decision, status } = decideOn(seen);
  const written = JSON.stringify(status) !== JSON.stringify(seen.status);
  const { effect } = decision;
  if (!written && !effect) return takeovers(world, {});
  if (world.process.lagging) return lateToLearn(world, written, effect);
  const base = clone(world);
  if (written) write(base, status);
  noteLoss(base);
  const result: Step[] = effect ? perform(base, effect) : [['write', base]];
  if (written && world.budget.crashes > 0) {
    result.push(step(base, 'write, then crash', crash));
    const late = step(world, 'crash, the write in flight', (next) => {
      next.lateWrites = [{ rv: world.rv, status }];
      crash(next);
    });
    result.push(late);
  }
  return [...result, ...takeovers(world, { write: written ? status : undefined, effect })];
}

/** From an old version every write is a conflict; an effect that needs none is performed. */
function lateToLearn(world: World, written: boolean, effect: Effect | undefined): Step[] {
  const caughtUp = step(world, 'the informer catches up', (next) => {
    delete next.process.lagging;
  });
  const conflicts = written || effect?.kind === 'AddFinalizer' || effect?.kind === 'RemoveFinalizer';
  return effect && !conflicts ? [caughtUp, ...perform(world, effect)] : [caughtUp];
}

/** Another process takes the lease at this point of a pass, with an informer that is abreast, or a version behind. */
function takeovers(world: World, pass: Pick<StalePass, 'write' | 'effect'>): Step[] {
  if (world.process.lagging) {
    return [
      step(world, 'the informer catches up', (next) => {
        delete next.process.lagging;
      }),
    ];
  }
  if (world.budget.takeovers === 0) return [];
  const takeOver = (name: string, lagging: boolean) =>
    step(world, name, (next) => {
      spend(next, 'takeovers');
      const { previous } = next;
      delete next.previous;
      next.process = freshProcess(next.now, 10 + next.budget.takeovers);
      if (lagging && previous) next.process.lagging = previous;
      if (pass.write || pass.effect) next.stale = { rv: next.rv, ...pass, lostAt: next.now };
    });
  const abreast = takeOver('another leads', false);
  return world.previous ? [abreast, takeOver('another leads, its informer lags', true)] : [abreast];
}

/** The effect of a former leader's pass, as it reaches the other side. */
export function finish(world: World, { rv, effect }: StalePass): void {
  delete world.stale;
  if (effect?.kind === 'RunInstances') land(world, effect.number);
  if (effect?.kind === 'TerminateInstances') end(world, effect.ids);
  if (rv !== world.rv) return;
  if (effect?.kind === 'AddFinalizer') setFinalizer(world, true);
  if (effect?.kind === 'RemoveFinalizer') setFinalizer(world, false);
}

function decideOn(world: World) {
  for (;;) {
    const decision = decide(factsOf(world, validations), { wall: world.now, mono: world.now });
    if (decision.effect?.kind !== 'DryRun') {
      return { decision, status: essence(decision.status) };
    }
    const { fingerprint } = decision.effect;
    validations.push({ fingerprint, verdict: { ok: true }, expiresAt: Number.POSITIVE_INFINITY });
  }
}

/** The status without what no decision depends on, so that states that differ only for people are one. */
function essence(status: WorkspaceStatus): WorkspaceStatus {
  const { conditions: _, history, ...rest } = JSON.parse(JSON.stringify(status)) as WorkspaceStatus;
  const past = history?.map((entry) => ({ ...entry, endedAt: '' }));
  // Read only for how long ago it was, to give a boot time; one instant for all halves the states.
  if (rest.desired) rest.desired.at = new Date(0).toISOString();
  if (rest.launch?.openedAt) rest.launch.openedAt = '';
  return past ? { ...rest, history: past } : rest;
}

export function write(world: World, status: WorkspaceStatus): void {
  bump(world);
  world.status = status;
  world.process.wrote = true;
  const { launch } = status;
  if (!launch || launch.number === 0 || !launch.cause) return;
  const known = world.spent.find((entry) => entry.number === launch.number);
  if (known) known.params ??= launch.params && JSON.stringify(launch.params);
  else world.spent.push({ number: launch.number, cause: launch.cause });
}

function perform(world: World, effect: Effect): Step[] {
  switch (effect.kind) {
    case 'AddFinalizer':
      return [step(world, 'add finalizer', (next) => setFinalizer(next, true))];
    case 'RemoveFinalizer':
      return [step(world, 'remove finalizer', (next) => setFinalizer(next, false))];
    case 'ReadConsole':
      return [
        step(world, 'read console', (next) => {
          next.process.console[effect.instanceID] = '';
        }),
      ];
    case 'TerminateInstances':
      return terminate(world, effect.ids);
    case 'RunInstances':
      return run(world, effect.number, effect.armed);
    case 'StopInstances':
    case 'StartInstances':
    case 'DryRun':
      return [];
  }
}

function setFinalizer(world: World, present: boolean): void {
  bump(world);
  world.finalizer = present;
  world.gone = world.deleting && !present;
}

function end(world: World, ids: readonly string[]): void {
  for (const instance of world.instances) {
    if (ids.includes(`i-${instance.number}`) && instance.state !== 'terminated')
      instance.state = 'shutting-down';
  }
}

function terminate(world: World, ids: readonly string[]): Step[] {
  const sent = (next: World) => {
    for (const id of ids) next.process.terminateSentAt[id] = next.now;
  };
  const result = [
    step(world, 'terminate', (next) => {
      sent(next);
      end(next, ids);
    }),
  ];
  if (world.budget.losses > 0) {
    result.push(
      step(world, 'terminate is lost', (next) => {
        spend(next, 'losses');
        sent(next);
      }),
    );
  }
  return result;
}

function run(world: World, number: number, armed: boolean): Step[] {
  const { process } = world;
  const before = process.sends?.number === number ? process.sends : undefined;
  const answered = (next: World, result: LaunchAnswer['result']) => {
    next.process.sends = { number, count: Math.min((before?.count ?? 0) + 1, 2), lastAt: next.now };
    next.process.answer = {
      number,
      sentAt: next.now,
      firstSend: armed && !before,
      quietSince: Math.max(process.termAt, before?.lastAt ?? 0),
      result,
    };
  };
  const bound = world.instances.some((instance) => instance.number === number);
  const result: Step[] = [
    step(world, 'run: accepted', (next) => {
      land(next, number);
      answered(next, { kind: 'accepted' });
      see(next, number);
    }),
  ];
  if (!bound && world.budget.refusals > 0) {
    result.push(
      step(world, 'run: refused', (next) => {
        spend(next, 'refusals');
        answered(next, { kind: 'refused', class: 'capacity', code: 'C', message: '' });
      }),
    );
  }
  if (world.budget.losses > 0) {
    const lose = (name: string, change: (next: World) => void) =>
      result.push(
        step(world, name, (next) => {
          spend(next, 'losses');
          change(next);
        }),
      );
    lose('run: answer lost', (next) => {
      land(next, number);
      answered(next, { kind: 'ambiguous', code: 'T' });
    });
    lose('run: still on its way', (next) => {
      next.flights.push({ number, sentAt: next.now });
      answered(next, { kind: 'ambiguous', code: 'T' });
    });
  }
  if (world.budget.crashes > 0) {
    result.push(
      step(world, 'run: lands, crash', (next) => {
        land(next, number);
        crash(next);
      }),
    );
    result.push(
      step(world, 'run: on its way, crash', (next) => {
        next.flights.push({ number, sentAt: next.now });
        crash(next);
      }),
    );
  }
  return result;
}

export function land(world: World, number: number): void {
  if (world.instances.some((instance) => instance.number === number)) return;
  world.instances.push({ number, state: 'pending', bornAt: world.now, alive: false });
}

function see(world: World, number: number): void {
  const truth = world.instances.find((instance) => instance.number === number);
  if (!truth) return;
  world.process.view = world.process.view.filter((seen) => seen.number !== number);
  world.process.view.push({ number, state: truth.state });
}
