import fc from 'fast-check';
import { ABANDON_ANNOTATION, FINALIZER } from '../../../src/api/base/meta.ts';
import { namesOf } from '../../../src/api/base/table.ts';
import type { Launch, WorkspaceStatus } from '../../../src/api/kinds/workspace.ts';
import { CAUSE_KINDS, isEnd, isRecordedBySuccessor, isStandIn } from '../../../src/api/reasons/causes.ts';
import { REFUSALS } from '../../../src/api/reasons/refusals.ts';
import { plus } from '../../../src/controller/lib/time.ts';
import type { Facts } from '../../../src/reconcilers/workspace/decide/facts/facts.ts';
import { trackSilence } from '../../../src/reconcilers/workspace/decide/health/silence.ts';
import { agoMs, instancesUpTo, rarely } from './arbitraryInstances.ts';
import { later } from './decisions.ts';
import {
  booting,
  classOf,
  desiredOf,
  doubtful,
  envDigest,
  environmentOf,
  factsOf,
  HOUR,
  heartbeatOf,
  launchOf,
  MACHINE,
  MINUTE,
  NOW,
  refusalOf,
  SECOND,
  stamp,
  statusOf,
  waiting,
} from './facts.ts';
import { refusedOf } from './refused.ts';

/** None of what the class offers has room. */
const NO_ROOM = ['m7i.large', 'm6i.large'].flatMap((instanceType) =>
  ['a', 'b'].map((zone) => refusedOf('InsufficientInstanceCapacity', MINUTE, { instanceType, zone })),
);

const failures = fc.integer({ min: 0, max: 5 });
/** Ends of an instance that are recorded when they are seen. */
const SEEN_ENDS = CAUSE_KINDS.filter(isEnd).filter(
  (kind) => !isRecordedBySuccessor(kind) && !isStandIn(kind),
);
const ended = fc.record({
  outcome: fc.constantFrom(...SEEN_ENDS),
  at: agoMs.map((ms) => stamp(-ms)),
});
const refused = fc.record({
  outcome: fc.constant('Refused' as const),
  refusal: fc.constantFrom(...namesOf(REFUSALS)),
  at: agoMs.map((ms) => stamp(-ms)),
});

function spot(launch: Launch): Launch {
  return { ...launch, params: launch.params && { ...launch.params, capacityType: 'Spot' } };
}

function launches(number: number): fc.Arbitrary<Launch> {
  const generation = fc.integer({ min: 0, max: 3 });
  const deadline = fc.constantFrom(-MINUTE, -10 * MINUTE, 10 * MINUTE).map(stamp);
  return fc.oneof(
    fc.record({ generation, failures }).map((more) => launchOf({ number, ...more })),
    fc.record({ generation, failures }).map((more) => spot(launchOf({ number, ...more }))),
    {
      weight: 3,
      arbitrary: fc.record({ generation, failures, deadline }).map((more) => booting({ number, ...more })),
    },
    fc
      .record({ generation, sender: fc.constantFrom('term-1', 'term-0') })
      .map((more) => doubtful({ number, ...more })),
    fc.record({ generation, failures, ended }).map((more) => launchOf({ number, ...more })),
    fc.record({ generation, failures, ended: refused }).map((more) => doubtful({ number, ...more })),
    fc.record({ generation }).map((more) => waiting(number, more)),
    fc.record({ generation }).map((more) => waiting(number, { ...more, phase: 'Closed' })),
    fc.record({ generation }).map((more) => launchOf({ number, ...more, phase: 'Stopped' })),
  );
}

const launch = fc.oneof(
  fc.constant<Launch>({ number: 0, generation: 0, phase: 'Closed', failures: 0 }),
  fc.integer({ min: 1, max: 3 }).chain(launches),
);

const content = fc.constantFrom('a', 'b', 'c');

const statuses: fc.Arbitrary<WorkspaceStatus | undefined> = fc.option(
  fc
    .record({
      launch,
      generation: fc.integer({ min: 1, max: 4 }),
      wants: content,
      holds: fc.option(content),
      ending: fc.boolean(),
      edited: rarely(false, true),
    })
    .map(({ launch, generation, wants, holds, ending, edited }): WorkspaceStatus => {
      const env = holds === null ? {} : { env: envDigest(holds) };
      const number = Math.max(launch.number - 1, 1);
      // As any writer of statuses can have it.
      const named = edited ? launch.number : number;
      return statusOf({
        launch,
        desired: launch.number === 0 ? undefined : desiredOf(generation, wants, { at: stamp(-10 * MINUTE) }),
        instance: launch.instanceID ? { id: launch.instanceID, state: 'running', ...env } : undefined,
        terminating: ending && launch.number > 1 ? [{ number, instanceID: `i-${named}` }] : undefined,
        provisions: launch.number,
      });
    }),
  { nil: undefined, freq: 12 },
);

const heartbeats: fc.Arbitrary<Facts['heartbeats']> = fc
  .record({
    available: fc.constantFrom(true, true, true, false),
    massSilence: rarely(false, true),
    since: agoMs,
    rows: fc.uniqueArray(
      fc.record({
        number: fc.integer({ min: 1, max: 4 }),
        env: content,
        alive: fc.boolean(),
        fresh: fc.boolean(),
        trouble: rarely<'CommandFailing' | 'GatewayDistrusted' | undefined>(
          undefined,
          'CommandFailing',
          'GatewayDistrusted',
        ),
        noticeAt: rarely<number | undefined>(undefined, NOW.wall - MINUTE, NOW.wall + 2 * MINUTE),
      }),
      { maxLength: 3, selector: ({ number }) => number },
    ),
  })
  .map(({ available, massSilence, since, rows }) => ({
    available,
    massSilence,
    ...(available ? { since: plus(NOW.mono, -since) } : {}),
    launches: rows.map(({ number, env, alive, fresh, noticeAt, trouble }) =>
      heartbeatOf(number, {
        env: envDigest(env),
        alive,
        fresh: alive && fresh,
        ...(trouble && { trouble }),
        ...(noticeAt !== undefined && { interruption: { action: 'terminate', at: noticeAt } }),
      }),
    ),
  }));

const environment: fc.Arbitrary<Facts['environment']> = fc.oneof(
  { weight: 6, arbitrary: content.map((it) => environmentOf(it)) },
  { weight: 1, arbitrary: fc.constant({ kind: 'Missing' as const, secrets: ['ada-env'] }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'Unknown' as const }) },
);

/** Mostly the line is empty; else it has yet to ask, is near, or far. */
const lines: fc.Arbitrary<Facts['line']> = rarely<Facts['line']>(
  { inMs: 0, ahead: 0 },
  undefined,
  { inMs: 2 * SECOND, ahead: 3 },
  { inMs: 20 * SECOND, ahead: 39 },
  { inMs: 10 * MINUTE, ahead: 1199 },
);

/** As a process knows it that has looked for so long. */
function silenceOf(status: WorkspaceStatus | undefined, heard: Facts['heartbeats'], agoMs: number) {
  const at = later(-agoMs);
  return trackSilence(undefined, status, { ...heard, since: at.mono }, at);
}

/** Rather any combination than only likely ones: a decision must be sane in each. */
export const arbitraryFacts: fc.Arbitrary<Facts> = fc
  .record({
    recorded: statuses.chain((given) =>
      fc.record({ status: fc.constant(given), instances: instancesUpTo(given?.launch?.number ?? 0) }),
    ),
    heartbeats,
    environment,
    swept: rarely(SECOND, 2 * MINUTE, 2 * HOUR),
    term: rarely(HOUR, 0, 30 * SECOND),
    wrote: fc.boolean(),
    suspect: rarely<number | undefined>(undefined, 0, 2 * MINUTE, 6 * MINUTE),
    answer: fc.option(
      fc.record({
        number: fc.integer({ min: 1, max: 3 }),
        kind: fc.constantFrom('capacity' as const, 'quota' as const),
        firstSend: fc.boolean(),
      }),
    ),
    console: fc.boolean(),
    silentFor: agoMs,
    policy: rarely('Replace', 'None'),
    restart: fc.constantFrom(undefined, undefined, 'now'),
    mode: rarely('Running', 'Stopped'),
    paused: rarely(false, true),
    deleting: rarely(false, true),
    abandoned: fc.constantFrom(false, false, true),
    finalized: rarely(true, false),
    changed: fc.option(fc.record({ agoMs })),
    missingClass: rarely(false, true),
    authentic: rarely(true, false),
    line: lines,
    machine: rarely(MACHINE, 'm1:another:class', 'm1:own:another'),
    instanceType: rarely<string | undefined>(undefined, 'm7i.large', 'm6i.large', 'c7i.large'),
    full: rarely(false, true),
  })
  .map((given): Facts => {
    const { deleting, abandoned, finalized, missingClass, changed } = given;
    const { status, instances } = given.recorded;
    const base = factsOf({
      status,
      instances,
      heartbeats: given.heartbeats,
      environment: given.environment,
      line: given.line,
      machine: given.machine,
      ...(given.full && { refused: NO_ROOM }),
      sweptAt: NOW.mono - given.swept,
      spec: {
        paused: given.paused,
        ...(given.instanceType && { instanceType: given.instanceType }),
        operatingMode: given.mode,
        requests: given.restart ? { restart: given.restart } : {},
      },
      metadata: {
        finalizers: finalized ? [FINALIZER] : [],
        ...(deleting ? { deletionTimestamp: stamp(-MINUTE) } : {}),
        ...(abandoned ? { annotations: { [ABANDON_ANNOTATION]: 'true' } } : {}),
      },
      process: {
        termAt: NOW.mono - given.term,
        wrote: given.wrote,
        ...(given.suspect === undefined ? {} : { suspectSince: NOW.mono - given.suspect }),
        ...(given.answer === null
          ? {}
          : { answer: refusalOf(given.answer.number, given.answer.kind, given.answer) }),
        silence: silenceOf(status, given.heartbeats, given.silentFor),
        console: given.console ? { 'i-1': '', 'i-2': '', 'i-3': '', 'i-4': '' } : {},
      },
      class: classOf({ repair: { policy: given.policy } }),
      paramsAuthentic: given.authentic,
      ...(missingClass ? { class: undefined, machine: undefined, classAllowed: false } : {}),
    });
    const recorded = status?.desired;
    if (!changed || !recorded || given.environment.kind !== 'Merged') return base;
    const env = given.environment.digests.k1 ?? '';
    if (env === recorded.env) return base;
    const since = plus(NOW.mono, -changed.agoMs);
    const change = {
      recorded,
      env,
      machine: given.machine,
      since,
      burstSince: since,
      changed: ['ada-env/KEY'],
    };
    return { ...base, process: { ...base.process, change } };
  });
