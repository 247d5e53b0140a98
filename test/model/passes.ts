import type { WorkspaceStatus } from '../../src/api/workspace.ts';
import { decide } from '../../src/reconcilers/workspace/decide/decide.ts';
import type { Effect } from '../../src/reconcilers/workspace/decide/decision.ts';
import type { LaunchAnswer, ValidationFact } from '../../src/reconcilers/workspace/decide/facts.ts';
import { clone, crash, type Step, spend, step } from './change.ts';
import { factsOf } from './facts.ts';
import type { World } from './world.ts';

const validations: ValidationFact[] = [];

/** One pass of the loop: decide, write, perform, with everything that can go wrong on the way. */
export function passes(world: World): Step[] {
  const { decision, status } = decideOn(world);
  const written = JSON.stringify(status) !== JSON.stringify(world.status);
  const { effect } = decision;
  if (!written && !effect) return [];
  const base = clone(world);
  if (written) write(base, status);
  const result: Step[] = effect ? perform(base, effect) : [['write', base]];
  if (written && world.budget.crashes > 0) {
    result.push(step(base, 'write, then crash', crash));
    const late = step(world, 'crash, the write in flight', (next) => {
      next.lateWrites = [{ rv: world.rv, status }];
      crash(next);
    });
    result.push(late);
  }
  return result;
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
  world.status = status;
  world.rv += 1;
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
  world.finalizer = present;
  world.rv += 1;
  world.gone = world.deleting && !present;
}

function terminate(world: World, ids: readonly string[]): Step[] {
  const sent = (next: World) => {
    for (const id of ids) next.process.terminateSentAt[id] = next.now;
  };
  const result = [
    step(world, 'terminate', (next) => {
      sent(next);
      for (const instance of next.instances) {
        if (ids.includes(`i-${instance.number}`) && instance.state !== 'terminated')
          instance.state = 'shutting-down';
      }
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
