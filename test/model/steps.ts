import type { WorkspaceStatus } from '../../src/api/workspace.ts';
import { decide } from '../../src/reconcilers/workspace/decide/decide.ts';
import type { Effect } from '../../src/reconcilers/workspace/decide/decision.ts';
import type { LaunchAnswer, ValidationFact } from '../../src/reconcilers/workspace/decide/facts.ts';
import { factsOf, SECOND, timing } from './facts.ts';
import { freshProcess, type World } from './world.ts';

/** A possible next state, with a name for the trace. */
export type Step = [name: string, next: World];

const validations: ValidationFact[] = [];

function clone(world: World): World {
  return JSON.parse(JSON.stringify(world)) as World;
}

function step(world: World, name: string, change: (next: World) => void): Step {
  const next = clone(world);
  change(next);
  return [name, next];
}

function spend(world: World, key: keyof World['budget']): void {
  world.budget[key] -= 1;
}

/** Every state that may follow. */
export function steps(world: World): Step[] {
  if (world.gone) return [...landings(world)];
  return [...passes(world), ...landings(world), ...cloud(world), ...people(world), ...mishaps(world)];
}

/** One pass of the loop: decide, write, perform, with everything that can go wrong on the way. */
function passes(world: World): Step[] {
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
  if (rest.desired) rest.desired.at = '';
  if (rest.launch?.openedAt) rest.launch.openedAt = '';
  return past ? { ...rest, history: past } : rest;
}

function write(world: World, status: WorkspaceStatus): void {
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

function land(world: World, number: number): void {
  if (world.instances.some((instance) => instance.number === number)) return;
  world.instances.push({ number, state: 'pending', bornAt: world.now, alive: false });
}

function see(world: World, number: number): void {
  const truth = world.instances.find((instance) => instance.number === number);
  if (!truth) return;
  world.process.view = world.process.view.filter((seen) => seen.number !== number);
  world.process.view.push({ number, state: truth.state });
}

function crash(world: World): void {
  spend(world, 'crashes');
  world.process = freshProcess(world.now, world.budget.crashes + 1);
}

/** Requests that were given up land after all, or never. */
function landings(world: World): Step[] {
  const flights = world.flights.flatMap((flight, index) => {
    const without = (next: World) => next.flights.splice(index, 1);
    return [
      step(world, `flight ${flight.number} lands`, (next) => {
        without(next);
        land(next, flight.number);
      }),
      step(world, `flight ${flight.number} is lost`, without),
    ];
  });
  const writes = world.lateWrites.map(({ rv, status }) =>
    step(world, 'late write arrives', (next) => {
      next.lateWrites = [];
      if (rv !== next.rv) return;
      const { wrote } = next.process;
      write(next, status);
      next.process.wrote = wrote;
    }),
  );
  return [...flights, ...writes];
}

function cloud(world: World): Step[] {
  const result: Step[] = world.instances.flatMap((instance, index) => {
    const change = (name: string, amend: (it: World['instances'][number], next: World) => void) =>
      step(world, `${name} ${instance.number}`, (next) => {
        const it = next.instances[index];
        if (it) amend(it, next);
      });
    if (instance.state === 'pending')
      return [
        change('boots', (it) => {
          it.state = 'running';
        }),
      ];
    if (instance.state === 'running' && instance.env === undefined && mayBootstrap(world, instance.number)) {
      return [
        change('bootstraps', (it, next) => {
          it.env = next.content;
          it.alive = true;
        }),
      ];
    }
    if (instance.state === 'shutting-down') {
      return [
        change('terminated', (it) => {
          it.state = 'terminated';
          it.alive = false;
        }),
      ];
    }
    return [];
  });
  result.push(...sweeps(world));
  if (world.budget.ends > 0 && world.instances.some((it) => it.state === 'running')) {
    result.push(
      step(world, 'ends by itself', (next) => {
        spend(next, 'ends');
        for (const it of next.instances) if (it.state === 'running') it.state = 'terminated';
      }),
    );
  }
  return result;
}

/** What the gateway checks, in one version of the Workspace. */
function mayBootstrap(world: World, number: number): boolean {
  const { status } = world;
  return !world.deleting && status?.launch?.number === number && status.desired?.env === `k:${world.content}`;
}

/** A sweep shows everything, or lacks what is younger than T_vis. */
function sweeps(world: World): Step[] {
  const shown = (lag: boolean) =>
    world.instances.filter((it) => {
      const known = world.process.view.some((seen) => seen.number === it.number);
      return known || !lag || world.now - it.bornAt >= timing.visibilityMs;
    });
  const take = (next: World, lag: boolean) => {
    next.process.view = shown(lag).map(({ number, state }) => ({ number, state }));
    next.process.sweptAt = next.now;
  };
  const all = step(world, 'sweep', (next) => take(next, false));
  if (shown(true).length === shown(false).length) return [all];
  return [all, step(world, 'sweep that lags', (next) => take(next, true))];
}

function people(world: World): Step[] {
  const result: Step[] = [];
  if (world.budget.edits > 0) {
    result.push(
      step(world, 'secret edited', (next) => {
        spend(next, 'edits');
        next.content += 1;
      }),
    );
  }
  if (world.budget.restarts > 0) {
    result.push(
      step(world, 'restart asked for', (next) => {
        spend(next, 'restarts');
        next.restart = `r${next.budget.restarts}`;
        next.rv += 1;
      }),
    );
  }
  if (world.budget.deletions > 0 && world.finalizer && !world.deleting) {
    result.push(
      step(world, 'deleted', (next) => {
        spend(next, 'deletions');
        next.deleting = true;
        next.rv += 1;
      }),
    );
  }
  return result;
}

function mishaps(world: World): Step[] {
  const result: Step[] = [];
  // T_late is the promise that a request given up has landed or died by then.
  const late = world.flights.some((flight) => world.now + SECOND - flight.sentAt >= timing.lateMs);
  if (world.budget.ticks > 0 && (!late || world.budget.overdue > 0)) {
    result.push(
      step(world, 'a second passes', (next) => {
        spend(next, 'ticks');
        next.now += SECOND;
      }),
    );
  }
  if (world.budget.crashes > 0) result.push(step(world, 'crash', crash));
  return result;
}
