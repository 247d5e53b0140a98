import type { Launch, WorkspaceStatus } from '../../../src/api/kinds/workspace.ts';
import type { Heard } from '../world/heard.ts';
import { NOW, SECOND, timing } from '../world/timing.ts';
import type { Process, Version, World } from '../world/world.ts';
import { canonical } from './rules.ts';

type Place = (time: number) => number;

/**
 * The same world some ms later. It is always the same moment; what happened moves back. So two worlds that differ only
 * in when everything happened are one, and what is older than any interval that it is compared with is just so old.
 */
export function later(world: World, ms: number): World {
  const { object, instances, flights, stale, process, previous, backup, evidence, terms, others } = world;
  const place: Place = (time) => time - ms;
  const version = (it: Version): Version => ({
    ...it,
    status: it.status && statusLater(it.status, ms, terms),
  });
  const { availableSince } = evidence;
  return {
    ...world,
    object: version(object),
    instances: instances.map((it) => {
      const { bornAt, hiddenSince } = it;
      if (bornAt === undefined && hiddenSince === undefined) return it;
      return {
        ...it,
        bornAt: bornAt && place(bornAt),
        hiddenSince: hiddenSince && noOlderThan(place(hiddenSince), timing.visibilityMs),
      };
    }),
    flights: flights.map((it) => ({ ...it, sentAt: place(it.sentAt) })),
    stale: stale.map((it) => ({
      write: it.write && statusLater(it.write, ms, terms),
      effect: it.effect,
      lostAt: noOlderThan(place(it.lostAt), timing.lateMs),
    })),
    process: processLater(process, place, version),
    others: others.refusals.length > 0 ? { ...others, refusals: heardLater(others.refusals, place) } : others,
    previous: previous && version(previous),
    backup: backup && version(backup),
    evidence: { availableSince: availableSince && noOlderThan(place(availableSince), SILENCE_MS) },
  };
}

/** After four times the longest pause nothing depends on a refusal any more. */
function heardLater(heard: readonly Heard[], place: Place): Heard[] {
  return heard.flatMap(({ at, until, heardAt, ...it }) => {
    const moved = { ...it, at: place(at), until: place(until), ...(heardAt && { heardAt: place(heardAt) }) };
    return (moved.heardAt ?? moved.at) > NOW - REFUSAL_MS ? [moved] : [];
  });
}

const REFUSAL_MS = 4 * SECOND;

/** What a heartbeat's timeout, and as much again, comes to. */
const SILENCE_MS = 4 * timing.secondMs;

function noOlderThan(time: number, ms: number): number {
  return Math.max(time, NOW - ms);
}

/** Keeps the order of times and each difference up to `most`; longer ones are just so long. */
function closeUp(times: ReadonlySet<number>, most: number): Place {
  const places = new Map<number, number>();
  let [before, at] = [NOW, NOW];
  for (const time of [...times].sort((a, b) => b - a)) {
    at -= Math.min(before - time, most);
    before = time;
    places.set(time, at);
  }
  return (time) => places.get(time) ?? time;
}

/** The lease, sweeps, sends and answers are compared with each other, by T_late and T_vis. */
function processLater(process: Process, place: Place, version: (it: Version) => Version): Process {
  const { termAt, sweptAt, suspectSince, sends, answer, view, sent, silence, lagging, heard } = process;
  const times = new Set<number>();
  for (const time of [termAt, sweptAt, suspectSince, sends?.lastAt, answer?.sentAt, answer?.quietSince])
    if (time !== undefined) times.add(place(time));
  const closed = closeUp(times, timing.lateMs + timing.visibilityMs);
  const move: Place = (time) => closed(place(time));
  const retried = (time: number | undefined) => time && noOlderThan(place(time), timing.lateMs);
  return {
    ...process,
    heard: heard.length > 0 ? heardLater(heard, place) : heard,
    termAt: move(termAt),
    sweptAt: sweptAt && move(sweptAt),
    suspectSince: suspectSince && move(suspectSince),
    sends: sends && { ...sends, lastAt: move(sends.lastAt) },
    answer: answer && { ...answer, sentAt: move(answer.sentAt), quietSince: move(answer.quietSince) },
    view: view.map((seen) => {
      if (seen.firstAt === undefined || seen.lastAt === undefined) return seen;
      const [firstAt, lastAt] = [place(seen.firstAt), place(seen.lastAt)];
      const both = closeUp(new Set([firstAt, lastAt]), timing.visibilityMs);
      return { ...seen, firstAt: both(firstAt), lastAt: both(lastAt) };
    }),
    sent: sent.map(({ number, endAt, stopAt, startAt, console }) => ({
      number,
      endAt: retried(endAt),
      stopAt: retried(stopAt),
      startAt: retried(startAt),
      console,
    })),
    silence: silence && {
      ...silence,
      since: noOlderThan(place(silence.since), SILENCE_MS),
      at: noOlderThan(place(silence.at), SILENCE_MS),
    },
    lagging: lagging && version(lagging),
  };
}

type Restarts = NonNullable<WorkspaceStatus['restarts']>;

const moved = new WeakMap<WorkspaceStatus, WorkspaceStatus>();

function statusLater(
  status: WorkspaceStatus,
  ms: number,
  { replayMaxAgeMs = 0 }: World['terms'],
): WorkspaceStatus {
  const known = moved.get(status);
  if (known) return known;
  const { launch, restarts, refusals } = status;
  const made = launch
    ? canonical({
        ...status,
        launch: launchLater(launch, ms, replayMaxAgeMs),
        ...(restarts && { restarts: restartsLater(restarts, ms) }),
        ...(refusals && { refusals: refusals.map((it) => refusalLater(it, ms)) }),
      })
    : status;
  moved.set(status, made);
  return made;
}

/** A row of restarts is over after twice the longest pause. */
function restartsLater(restarts: Restarts, ms: number): Restarts {
  const { at, next } = restarts;
  const place = (stamp: string, most: number) =>
    new Date(noOlderThan(Date.parse(stamp) - ms, most)).toISOString();
  const longest = 2 * timing.repairBackoffMaxMs;
  return { ...restarts, at: place(at, longest), ...(next !== undefined && { next: place(next, longest) }) };
}

function refusalLater<T extends { at: string; until: string }>(refusal: T, ms: number): T {
  const place = (stamp: string, most: number) =>
    new Date(noOlderThan(Date.parse(stamp) - ms, most)).toISOString();
  return {
    ...refusal,
    at: place(refusal.at, REFUSAL_MS + SECOND),
    until: place(refusal.until, REFUSAL_MS),
  };
}

function launchLater(launch: Launch, ms: number, replayMaxAgeMs: number): Launch {
  const { submittedAt, deadline, readyAt, ended } = launch;
  const longest = timing.repairBackoffMaxMs;
  const both = new Set([readyAt, ended?.at].flatMap((at) => (at ? [Date.parse(at) - ms] : [])));
  const served = closeUp(both, longest);
  const move = (at: string | undefined, place: Place) =>
    at && new Date(place(Date.parse(at) - ms)).toISOString();
  const upTo = (most: number) => (at: string | undefined) => move(at, (time) => noOlderThan(time, most));
  return {
    ...launch,
    submittedAt: upTo(Math.max(timing.secondMs, replayMaxAgeMs + timing.secondMs))(submittedAt),
    deadline: upTo(longest)(deadline),
    readyAt: move(readyAt, served),
    ended: ended && { ...ended, at: move(ended.at, served) ?? ended.at },
  };
}
