import { roomsOf } from '../world/classes.ts';
import { classNameOf } from '../world/machine.ts';
import { processWith, spent } from '../world/parts.ts';
import { OFFERED, refusalOf, refusalsOf } from '../world/quotas.ts';
import { NOW } from '../world/timing.ts';
import type { Step, World } from '../world/world.ts';
import { amend, step } from './change.ts';
import { canonical } from './rules.ts';

/** What people, other controllers and mishaps with the status do, at any moment. */
export function people(world: World): Step[] {
  const { budget, object } = world;
  const result: Step[] = [];
  const may = (key: keyof typeof budget, name: string, changes: () => Partial<World>, possible = true) => {
    if (budget[key] > 0 && possible) result.push(step(world, name, { ...changes(), ...spent(world, key) }));
  };
  may('edits', 'secret edited', () => ({ content: world.content + 1 }));
  may('machines', 'class changed', () => ({ machine: world.machine + 1 }));
  may('restarts', 'restart asked for', () => amend(world, { restart: `r${budget.restarts}` }));
  may('flips', object.stopped ? 'to run' : 'to stop', () => amend(world, { stopped: !object.stopped }));
  may('deletions', 'deleted', () => deleted(world), !object.deleting);
  may('pauses', object.paused ? 'no longer paused' : 'paused', () =>
    amend(world, { paused: !object.paused }),
  );
  may('types', 'another type asked for', () => amend(world, { type: object.type + 1 }));
  may('moves', 'another class asked for', () => amend(world, { klass: object.klass + 1 }));
  may('lacks', 'no offering has room', () => ({ lacking: true }), !world.lacking);
  if (world.lacking) result.push(step(world, 'capacity comes back', { lacking: false }));
  result.push(...quotas(world), ...crowds(world));
  const signed = object.status?.launch?.params ? (object.status.launch.number ?? 0) : 0;
  may('keys', 'the key of launches is lost', () => ({ unsigned: signed }), signed > world.unsigned);
  may(
    'downgrades',
    'an earlier release writes the status',
    () => downgraded(world),
    Boolean(object.status?.launch),
  );
  const away = world.evidence.availableSince === undefined;
  may('outages', 'evidence goes away', () => ({ evidence: { availableSince: undefined } }), !away);
  if (away) result.push(step(world, 'evidence comes back', { evidence: { availableSince: NOW } }));
  may('queues', 'the line at EC2 grows', () => ({ queued: true }), !world.queued);
  if (world.queued) result.push(step(world, 'its turn comes', { queued: false }));
  may(
    'wipes',
    'status wiped',
    () => ({ ...amend(world, { status: undefined }), ledger: [] }),
    object.status !== undefined,
  );
  const mayBackUp = budget.restores > 0 && !world.backup && object.finalizer && !object.deleting;
  if (mayBackUp) result.push(step(world, 'backup taken', { backup: object }));
  if (world.backup) may('restores', 'backup put back', () => restored(world));
  return result;
}

/** A quota becomes full, and perhaps others find that out first. What has no quota left at all gets some in the end. */
function quotas(world: World): Step[] {
  const { full, terms, budget, process, others } = world;
  const result: Step[] = [];
  if (OFFERED.every((asked) => refusalOf(full, asked)))
    result.push(step(world, 'every quota comes back', { full: [] }));
  if (budget.quotas === 0) return result;
  for (const quota of terms.quotas.filter((it) => !full.includes(it))) {
    const filled = { ...spent(world, 'quotas'), full: [...full, quota] };
    const refusals = refusalsOf(quota);
    const heard = {
      ...processWith(world, { heard: [...process.heard, ...refusals] }),
      others: { ...others, refusals: [...others.refusals, ...refusals] },
    };
    result.push(step(world, `the quota of ${quota} is full`, filled));
    result.push(step(world, `others are refused: the quota of ${quota} is full`, { ...filled, ...heard }));
  }
  return result;
}

/** Another Workspace has the room of a class, where this one is not seen to have it. */
function crowds(world: World): Step[] {
  const { others, budget, object, terms } = world;
  const { inClass } = others;
  const left = inClass.map((name) => {
    const without = { ...others, inClass: inClass.filter((it) => it !== name) };
    return step(world, `room in ${name} comes back`, { others: without });
  });
  if (budget.crowds === 0 || terms.maxInstances === undefined) return left;
  const taken = [...inClass, ...roomsOf(object)];
  const free = [0, 1].map(classNameOf).filter((name) => !taken.includes(name));
  const taking = free.map((name) => {
    const also = { ...others, inClass: [...inClass, name].sort() };
    return step(world, `another takes the room in ${name}`, { ...spent(world, 'crowds'), others: also });
  });
  return [...left, ...taking];
}

/** Of a launch that it opens it says no class, and its parameters carry no MAC. */
function downgraded(world: World): Partial<World> {
  const { status } = world.object;
  if (!status?.launch) return {};
  const { replacement: _replacement, room: _room, refusals: _refusals, ...rest } = status;
  return {
    ...amend(world, { status: canonical(rest) }),
    unsigned: status.launch.params ? status.launch.number : world.unsigned,
  };
}

function deleted(world: World): Partial<World> {
  const { finalizer } = world.object;
  return { ...amend(world, { deleting: true }), gone: !finalizer };
}

/** A process that saw the later version sees that it went back; a status written again looks like any other. */
function restored(world: World): Partial<World> {
  const { backup, terms, process } = world;
  const back = amend(world, { ...backup, deleting: world.object.deleting || backup?.deleting });
  const seen = terms.restoring === 'seen' && (process.sweptAt !== undefined || process.wrote);
  return {
    ...back,
    backup: undefined,
    previous: undefined,
    ...processWith(world, { rolledBack: seen || process.rolledBack, lagging: undefined }),
    misled: world.misled || !(seen || comesToLight(world)),
    ledger: [],
  };
}

/** An instance above the number that was put back is there for the first sweep of the term to show. */
function comesToLight({ backup, flights, stale, instances, process, terms }: World): boolean {
  if (process.sweptAt !== undefined || flights.length > 0 || stale.length > 0) return false;
  const number = backup?.status?.launch?.number ?? 0;
  const top = instances.at(-1);
  return top !== undefined && top.number > number && !top.hiddenSince && !(terms.lag && top.bornAt);
}
