import { clientToken } from '../../../src/api/launch/token.ts';
import { trackChange } from '../../../src/reconcilers/workspace/decide/desire/debounce.ts';
import type {
  Facts,
  HeartbeatFact,
  InstanceFact,
} from '../../../src/reconcilers/workspace/decide/facts/facts.ts';
import type { ValidationFact } from '../../../src/reconcilers/workspace/decide/facts/processFacts.ts';
import { type Loose, monoMs } from '../../support/base/moments.ts';
import { classFor, placeOf, remembered, UID, workspaceOf } from './classes.ts';
import type { Heard } from './heard.ts';
import { classNameOf, imageOf, machineDigest, TYPES } from './machine.ts';
import { seenBy } from './parts.ts';
import { marksOf } from './quotas.ts';
import { generationAsked, typeAsked } from './requests.ts';
import { NOW, timing } from './timing.ts';
import type { Sight, World } from './world.ts';

const CLUSTER = 'c';

/** The only Workspace of its class. */
const ALONE: Facts['fleet'] = {
  counted: 1,
  unavailable: 0,
  waiting: 0,
  ahead: 0,
  room: { taken: 0, ahead: 0, takenInNamespace: 0, aheadInNamespace: 0 },
  contents: {},
};

/** Another has the room that there is. */
const CROWDED: Facts['fleet'] = {
  ...ALONE,
  room: { taken: 1, ahead: 0, takenInNamespace: 1, aheadInNamespace: 0 },
};

const LACKING = TYPES.map((instanceType) => ({
  scope: { instanceType, zone: 'a', capacityType: 'OnDemand' as const },
  class: 'capacity' as const,
  code: 'InsufficientInstanceCapacity',
  until: monoMs(NOW + 600_000),
  heldUntil: monoMs(NOW + 600_000),
}));
const tokens = new Map<number, string>();
const marks = new WeakMap<readonly Heard[], Facts['refused']>();

function refusedIn({ lacking, process: { heard } }: World): Facts['refused'] {
  if (lacking) return LACKING;
  if (heard.length === 0) return [];
  const known = marks.get(heard) ?? marksOf(heard);
  marks.set(heard, known);
  return known;
}

function instanceFact(world: World, { number, state, firstAt, lastAt }: Sight): Loose<InstanceFact> {
  const truth = world.instances.find((it) => it.number === number);
  const notFound = firstAt === undefined || lastAt === undefined ? undefined : { firstAt, lastAt };
  return {
    id: `i-${number}`,
    number,
    generation: generationAsked(truth?.asked ?? 0),
    clientToken: remembered(tokens, number, () => clientToken(CLUSTER, UID, number)),
    state,
    type: typeAsked(truth?.asked ?? 0),
    zone: 'a',
    missing: notFound !== undefined,
    notFound,
  };
}

export function rowsOf({ instances }: World): HeartbeatFact[] {
  return instances.flatMap(({ number, row }) =>
    row
      ? [{ number, boot: row.boot, env: `k:${row.env}`, alive: row.boot !== undefined, fresh: row.fresh }]
      : [],
  );
}

/** What observe would gather in this world. */
export function factsOf(world: World, validations: readonly ValidationFact[]): Facts {
  const { process, terms, evidence } = world;
  const version = seenBy(world);
  const [place, target] = [placeOf(version), classNameOf(version.klass)];
  const machineOfNext = machineDigest(version, place, world.machine);
  const { desired, launch } = version.status ?? {};
  // As asked.ts has it: of a closed launch nothing is asked, and the next one takes up the specs as they are.
  const machine = launch?.phase === 'Closed' && desired ? desired.machine : machineOfNext;
  const observed = { env: `k:${world.content}`, machine };
  const fleetOf = (name: string) => (world.others.inClass.includes(name) ? CROWDED : ALONE);
  const powerSentAt = Object.fromEntries(
    process.sent.flatMap(({ number, stopAt, startAt }) => [
      ...(stopAt === undefined ? [] : [[`StopInstances i-${number}`, stopAt] as const]),
      ...(startAt === undefined ? [] : [[`StartInstances i-${number}`, startAt] as const]),
    ]),
  );
  const facts: Loose<Facts> = {
    clusterID: CLUSTER,
    workspace: workspaceOf(version),
    class: classFor(terms, place),
    move:
      target === place
        ? undefined
        : { from: place, class: classFor(terms, target), allowed: true, room: fleetOf(target).room },
    classAllowed: true,
    paramsAuthentic: world.unsigned === 0 || version.status?.launch?.number !== world.unsigned,
    environment: { kind: 'Merged', digests: { k: observed.env }, currentKey: 'k', leftOut: [] },
    fleet: fleetOf(place),
    machine,
    machineOfNext,
    resolution: {
      ok: true,
      images: [{ id: imageOf(place, world.machine), architecture: 'x86_64', rootDeviceName: '/dev/xvda' }],
      subnets: [{ id: 'subnet-1', zone: 'a' }],
      securityGroupIDs: ['sg-1'],
    },
    refused: refusedIn(world),
    instances: process.view.map((sight) => instanceFact(world, sight)),
    sweptAt: process.sweptAt,
    heartbeats: {
      available: evidence.availableSince !== undefined,
      since: evidence.availableSince,
      massSilence: false,
      launches: rowsOf(world),
    },
    process: {
      epoch: `e${process.epoch}`,
      termAt: process.termAt,
      wrote: process.wrote,
      suspectSince: process.suspectSince,
      sends: process.sends?.number === version.status?.launch?.number ? process.sends : undefined,
      answer: process.answer,
      change: trackChange(undefined, version.status?.desired, observed, { changed: [] }, monoMs(NOW)),
      silence: process.silence,
      validations,
      terminateSentAt: byInstance(process.sent.map(({ number, endAt }) => [number, endAt])),
      powerSentAt,
      console: byInstance(process.sent.map(({ number, console }) => [number, console ? '' : undefined])),
    },
    line: world.queued ? { inMs: 600_000, ahead: 1_000 } : { inMs: 0, ahead: 0 },
    timing: { ...timing, replayMaxAgeMs: terms.replayMaxAgeMs ?? timing.replayMaxAgeMs },
    userData: { ok: true, source: { stub: 1, gatewayURL: 'https://gateway', ticketKey: 't' } },
  };
  return facts as Facts;
}

function byInstance<V>(entries: readonly (readonly [number, V | undefined])[]): Record<string, V> {
  return Object.fromEntries(
    entries.flatMap(([number, value]) => (value === undefined ? [] : [[`i-${number}`, value]])),
  );
}
