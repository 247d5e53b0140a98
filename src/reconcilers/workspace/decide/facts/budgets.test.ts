import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arbitraryFacts } from '../../../../../test/support/workspace/arbitraryFacts.ts';
import { decideAt, decideValidated } from '../../../../../test/support/workspace/decisions.ts';
import {
  classOf,
  desiredOf,
  environmentOf,
  factsOf,
  fleetOf,
  heartbeatOf,
  instanceOf,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';
import { occupies } from '../../../../api/kinds/room.ts';
import { CAUSE_KINDS, outdatedBy } from '../../../../api/reasons/causes.ts';
import { isRolledOut } from '../record/replacement.ts';
import { contentNames, slotIsFree, unverified } from '../replace/rollout.ts';
import { roomIsLeft } from '../room/limits.ts';
import type { Decision } from './decision.ts';
import type { Facts } from './facts.ts';

const few = fc.integer({ min: 0, max: 3 });
const fleets = fc.record({
  counted: fc.integer({ min: 1, max: 40 }),
  unavailable: few,
  waiting: few,
  ahead: few,
});
const rooms = fc.record({ taken: few, ahead: few, takenInNamespace: few, aheadInNamespace: few });
const limits = fc.constantFrom({}, { maxInstances: 2 }, { maxInstancesPerNamespace: 1 }, { maxInstances: 0 });
const content = fc.record({
  proven: fc.constantFrom(true, true, false),
  trying: fc.constantFrom(undefined, undefined, 'default/other'),
  failing: fc.constantFrom(0, 0, 0, 1, 3),
});

/** Serves, and a change is due; or a first launch is. */
const due = fc
  .record({
    cause: fc.constantFrom(...CAUSE_KINDS.filter(outdatedBy)),
    heard: fc.boolean(),
    restart: fc.constantFrom(undefined, undefined, 'now'),
    first: fc.boolean(),
  })
  .map(({ cause, heard, restart, first }) => {
    const nothingYet = {
      launch: { number: 0, generation: 0, phase: 'Closed' as const, failures: 0 },
      instance: undefined,
      provisions: 0,
    };
    return factsOf({
      status: statusOf({ desired: desiredOf(2, 'b', { cause }), ...(first ? nothingYet : {}) }),
      instances: first ? [] : [instanceOf(1, 'running')],
      environment: environmentOf('b'),
      spec: { requests: restart ? { restart } : {} },
      heartbeats: {
        available: true,
        since: 0,
        massSilence: false,
        launches: [heartbeatOf(1, { fresh: heard })],
      },
      process: { silence: heard ? undefined : { number: 1, since: 0, at: 0 } },
    });
  });

/** Any facts, in a class of any limits, whose other Workspaces are in any state. */
const crowded: fc.Arbitrary<Facts> = fc
  .record({
    facts: fc.oneof(arbitraryFacts, due),
    fleet: fleets,
    room: rooms,
    limits,
    contents: fc.array(content, { maxLength: 4 }),
  })
  .map(({ facts, fleet, room, limits: most, contents }) => ({
    ...facts,
    class: facts.class && classOf({ ...most, rollout: { maxUnavailable: '4', minIntervalSeconds: 0 } }),
    fleet: fleetOf({
      ...fleet,
      room,
      contents: Object.fromEntries(
        contentNames(facts).flatMap((name, index) => {
          const fact = contents[index];
          return fact ? [[name, fact]] : [];
        }),
      ),
    }),
  }));

const launchOf = ({ workspace }: Facts) => workspace.status?.launch;

/** Decisions that open a launch, not those that find one again or close one. */
function opens(facts: Facts, { status, settled }: Decision): boolean {
  const grown = (status.launch?.number ?? 0) > (launchOf(facts)?.number ?? 0);
  return grown && !settled && status.launch?.phase !== 'Closed';
}

function heardOf(facts: Facts): boolean {
  const launch = launchOf(facts);
  const row = facts.heartbeats.launches.find(({ number }) => number === launch?.number);
  const state = facts.instances.find(({ id }) => id === launch?.instanceID)?.state;
  return (
    launch?.phase === 'Submitted' && facts.heartbeats.available && row?.fresh === true && state === 'running'
  );
}

function always(law: (facts: Facts, decision: Decision) => void): void {
  fc.assert(
    fc.property(crowded, (facts) => law(facts, decideValidated(facts))),
    { numRuns: 500 },
  );
}

test('the facts are varied enough: changes are carried out and held back, in every way that there is', () => {
  const decisions = fc.sample(crowded, { numRuns: 1_000, seed: 11 }).map((facts) => decideValidated(facts));
  expect(decisions.some(({ claim }) => claim?.slot)).toBe(true);
  expect(decisions.some(({ claim }) => claim?.room)).toBe(true);
  const reasons = new Set(
    decisions.flatMap(({ status }) => (status.conditions ?? []).map(({ reason }) => reason)),
  );
  for (const reason of ['RolloutQueued', 'RolloutVerifying', 'ClassLimitReached'])
    expect(reasons).toContain(reason);
});

test('what serves is taken down for a change only in a slot that is free, and for content that is not another’s to try first', () => {
  always((facts, decision) => {
    if (!opens(facts, decision) || !isRolledOut(decision.status.launch?.cause) || !facts.class) return;
    if (heardOf(facts) && !launchOf(facts)?.after) expect(decision.claim?.slot).toBe(true);
    if (!decision.claim?.slot) return;
    expect(slotIsFree(facts.fleet, facts.class.spec)).toBe(true);
    expect(unverified(facts.fleet, decision.claim.contents)).toBeUndefined();
  });
});

test('one that takes up no room yet is launched only where there is some', () => {
  always((facts, decision) => {
    if (!opens(facts, decision) || occupies(facts.workspace.status) || !facts.class) return;
    expect(decision.claim?.room).toBe(true);
    expect(roomIsLeft(facts.fleet, facts.class.spec)).toBe(true);
  });
});

test('a launch that takes no place happens in any crowd', () => {
  always((facts, decision) => {
    const { claim } = decision;
    if (!opens(facts, decision) || claim?.slot || claim?.room) return;
    const full = {
      ...facts,
      class: facts.class && { ...facts.class, spec: { ...facts.class.spec, maxInstances: 0 } },
      fleet: fleetOf({ unavailable: 99 }),
    };
    expect(decideValidated(full).status.launch).toEqual(decision.status.launch);
  });
});

test('a launch is never opened without saying what it takes', () => {
  always((facts, decision) => {
    expect(decision.claim !== undefined).toBe(opens(facts, decision));
    expect(decideAt(facts)).toEqual(decideAt(facts));
  });
});
