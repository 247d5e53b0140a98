import { amend, step } from './change.ts';
import { processWith, spent } from './parts.ts';
import { NOW } from './timing.ts';
import type { Step, World } from './world.ts';

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

function deleted(world: World): Partial<World> {
  const { finalizer } = world.object;
  return { ...amend(world, { deleting: true }), gone: !finalizer };
}

/** A version that went back is seen by whoever saw the later one; a status written anew looks like any other. */
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
