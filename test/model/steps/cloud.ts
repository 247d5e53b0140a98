import { instancesWith, processWith, spent } from '../world/parts.ts';
import { land } from '../world/requests.ts';
import { NOW, timing } from '../world/timing.ts';
import type { Sight, Step, TrueInstance, World } from '../world/world.ts';
import { step } from './change.ts';
import { later } from './time.ts';

/** Events that come from EC2 and the instances without a call. */
export function cloud(world: World): Step[] {
  return [
    ...world.instances.flatMap((instance) => [...lives(world, instance), ...mishaps(world, instance)]),
    ...sweeps(world),
  ];
}

function lives(world: World, instance: TrueInstance): Step[] {
  const { number, state, held, row, boot } = instance;
  const to = (name: string, changes: Partial<TrueInstance>) => [
    step(world, `${name} ${number}`, instancesWith(world, number, changes)),
  ];
  switch (state) {
    case 'pending':
      return to('boots', { state: 'running' });
    case 'stopping':
      return to('stopped', { state: 'stopped' });
    case 'shutting-down':
      return to('terminated', { state: 'terminated', hiddenSince: undefined, bornAt: undefined });
    case 'running': {
      if (!isPresent(world, number) || world.evidence.availableSince === undefined) return [];
      if (held === undefined) {
        if (!mayBootstrap(world)) return [];
        // What was served is on record at once; of an earlier boot's the row goes on telling until it is heard again.
        const served = row?.boot === undefined ? { boot: undefined, env: world.content, fresh: false } : row;
        return to('bootstraps', { held: world.content, row: served });
      }
      if (row?.boot === boot && row.env === held) return [];
      return to('is heard of', { row: { boot, env: held, fresh: true } });
    }
    case 'stopped':
    case 'terminated':
      return [];
  }
}

function isPresent(world: World, number: number): boolean {
  return world.object.status?.launch?.number === number;
}

/** What the gateway checks, in one version of the Workspace. */
function mayBootstrap({ object: { status, deleting }, content }: World): boolean {
  const { launch, desired } = status ?? {};
  if (deleting || launch?.phase !== 'Submitted' || launch.ended || launch.instanceID === undefined)
    return false;
  return desired?.env === `k:${content}`;
}

/** One absence ends by T_vis: one that a sweep lacked already, or may lack since its birth, is hidden for no longer than that. */
function mishaps(world: World, { number, state, bornAt, hiddenSince, row }: TrueInstance): Step[] {
  const { budget } = world;
  const result: Step[] = [];
  const to = (name: string, key: keyof typeof budget | undefined, changes: Partial<TrueInstance>) => {
    const cost = key ? spent(world, key) : {};
    result.push(step(world, `${name} ${number}`, { ...cost, ...instancesWith(world, number, changes) }));
  };
  const unheard = { held: undefined, row: row && { ...row, fresh: false } };
  const missed = world.process.view.some((seen) => seen.number === number && seen.firstAt !== undefined);
  const there = state !== 'shutting-down' && state !== 'terminated';
  if (budget.ends > 0 && there) to('ends by itself', 'ends', { state: 'shutting-down', ...unheard });
  if (budget.halts > 0 && state === 'running') to('is stopped', 'halts', { state: 'stopping', ...unheard });
  if (hiddenSince !== undefined) to('shows again', undefined, { hiddenSince: undefined });
  else if (budget.hidings > 0 && state !== 'shutting-down' && !missed)
    to(state === 'terminated' ? 'is forgotten' : 'is hidden', 'hidings', { hiddenSince: bornAt ?? NOW });
  if (row && budget.silences > 0 && row.fresh)
    to('falls silent', 'silences', { row: { ...row, fresh: false } });
  if (row?.boot !== undefined && !row.fresh && state === 'running' && isPresent(world, number))
    to('is heard again', undefined, { row: { ...row, fresh: true } });
  return result;
}

/** A sweep with its look-ups shows everything, or lacks what is younger than T_vis; of what is known it says NotFound. */
function sweeps(world: World): Step[] {
  const { process, instances, object, terms } = world;
  const visible = instances.filter((it) => it.hiddenSince === undefined);
  const old = visible.filter(
    (it) => it.bornAt === undefined || process.view.some((seen) => seen.number === it.number),
  );
  const { launch, terminating } = object.status ?? {};
  const onRecord = terminating?.map(({ number }) => number) ?? [];
  if (launch?.instanceID) onRecord.push(launch.number);
  const take = (name: string, shown: readonly TrueInstance[]): Step => {
    const known = new Set([...process.view.map(({ number }) => number), ...onRecord]);
    const numbers = [...new Set([...known, ...shown.map(({ number }) => number)])].sort((a, b) => a - b);
    const view = numbers.map((number): Sight => {
      const state = shown.find((it) => it.number === number)?.state;
      if (state) return { number, state, firstAt: undefined, lastAt: undefined };
      const before = process.view.find((seen) => seen.number === number);
      return { number, state: before?.state ?? 'Unknown', firstAt: before?.firstAt ?? NOW, lastAt: NOW };
    });
    return step(world, name, processWith(world, { view, sweptAt: NOW }));
  };
  const all = take('sweep', visible);
  return terms.lag && old.length < visible.length ? [all, take('sweep that lags', old)] : [all];
}

/** Requests that were given up land after all, or never. */
export function landings(world: World): Step[] {
  return world.flights.flatMap((flight) => {
    const without = { ...world, flights: world.flights.filter((it) => it !== flight) };
    const name = `${flight.kind} ${flight.number}`;
    return [step(without, `${name} lands`, land(without, flight)), step(without, `${name} is lost`, {})];
  });
}

/** Time passes: what EC2 hides it shows again by T_vis, and by T_late what a former leader sent has arrived or never will. */
export function tick(world: World, ms: number): Step[] {
  const { overdue } = world.terms;
  const next = later(world, ms);
  // T_late is the promise that a request given up has landed or died by then.
  if (!overdue && next.flights.some(({ sentAt }) => NOW - sentAt >= timing.lateMs)) return [];
  const instances = next.instances.map((it): TrueInstance => {
    const hidden = it.hiddenSince !== undefined && it.state !== 'terminated' && !overdue;
    const shows = hidden && NOW - (it.hiddenSince ?? NOW) >= timing.visibilityMs;
    const grown = it.bornAt !== undefined && NOW - it.bornAt >= timing.visibilityMs;
    if (!shows && !grown) return it;
    return { ...it, hiddenSince: shows ? undefined : it.hiddenSince, bornAt: grown ? undefined : it.bornAt };
  });
  const stale = next.stale.flatMap((pass) => {
    if (!pass.effect || NOW - pass.lostAt < timing.lateMs) return [pass];
    return pass.write ? [{ ...pass, effect: undefined }] : [];
  });
  return [step(next, 'a second passes', { ...spent(next, 'ticks'), instances, stale })];
}
