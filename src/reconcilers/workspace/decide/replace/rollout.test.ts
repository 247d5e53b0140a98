import { describe, expect, test } from 'vitest';
import {
  conditionOf,
  decideAt,
  decideValidated,
  withStatus,
} from '../../../../../test/support/workspace/decisions.ts';
import {
  classOf,
  desiredOf,
  envDigest,
  environmentOf,
  factsOf,
  fleetOf,
  heartbeatOf,
  instanceOf,
  launchOf,
  MACHINE,
  MINUTE,
  type Overrides,
  stamp,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';
import { classContent } from '../../../../api/launch/machine.ts';
import { CAUSE_KINDS, outdatedBy } from '../../../../api/reasons/causes.ts';
import type { FleetFact } from '../facts/facts.ts';
import { maxUnavailable } from './rollout.ts';

/** A Workspace that serves with content `a`, whose Secret holds `b`; the change counts. */
function changed(fleet: Partial<FleetFact>, more: Overrides = {}) {
  return factsOf({
    status: statusOf({ desired: desiredOf(2, 'b') }),
    environment: environmentOf('b'),
    fleet: fleetOf(fleet),
    ...more,
  });
}

/** The same of its class: another machine is wanted. */
const OTHER = 'm1:own:other';
function classChanged(fleet: Partial<FleetFact>, more: Overrides = {}) {
  const desired = { ...desiredOf(2, 'a'), machine: OTHER, cause: 'ClassChanged' as const };
  return factsOf({ status: statusOf({ desired }), machine: OTHER, fleet: fleetOf(fleet), ...more });
}

const full = { counted: 10, unavailable: 1 };
const b = envDigest('b');
const launched = (facts: ReturnType<typeof changed>) => decideValidated(facts).status.launch?.number === 2;

test.each([
  ['1', 0, 1],
  ['5', 2, 5],
  ['10%', 300, 30],
  ['10%', 39, 3],
  ['10%', 3, 1],
  ['1%', 0, 1],
  ['100%', 7, 7],
])('of %s of %i Workspaces, %i may be down at once', (maxUnavailableText, counted, most) => {
  const { spec } = classOf({ rollout: { maxUnavailable: maxUnavailableText } });
  expect(maxUnavailable(spec, counted)).toBe(most);
});

describe('a change that would take down what serves', () => {
  test('is carried out while fewer are down than may be, and takes a slot', () => {
    const decision = decideValidated(changed({ counted: 20, unavailable: 1 }));
    expect(decision.status.launch).toMatchObject({ number: 2, cause: { kind: 'SecretChanged' } });
    expect(decision.claim).toEqual({ slot: true, room: false, contents: [b] });
  });

  test('waits in line while as many are down as may be; nothing is sent for it meanwhile, not even a dry run', () => {
    const decision = decideAt(changed({ ...full, waiting: 6, ahead: 3 }));
    expect(decision.status.launch?.number).toBe(1);
    expect(decision.effect).toBeUndefined();
    expect(conditionOf(decision, 'Ready')).toMatchObject({ status: 'True' });
    expect(conditionOf(decision, 'UpToDate')).toMatchObject({ status: 'False', reason: 'RolloutQueued' });
    expect(conditionOf(decision, 'UpToDate').message).toContain('number 4 of 7 in line');
  });

  test('shows about when its turn comes, once it is known how long a replacement takes', () => {
    const decision = decideAt(changed({ ...full, waiting: 6, ahead: 3, meanMs: MINUTE }));
    expect(conditionOf(decision, 'UpToDate').message).toContain(`its turn is about ${stamp(4 * MINUTE)}`);
  });

  test('does not overtake those before it in line, though there is a slot', () => {
    expect(launched(changed({ counted: 20, unavailable: 1, waiting: 1, ahead: 1 }))).toBe(false);
    expect(launched(changed({ counted: 20, unavailable: 1, waiting: 1, ahead: 0 }))).toBe(true);
  });

  test('is not shown again with each step in line, nor by an event: that would be a write each', () => {
    const facts = changed({ ...full, waiting: 6, ahead: 3 });
    const first = decideAt(facts);
    const moved = withStatus({ ...facts, fleet: fleetOf({ ...full, waiting: 4, ahead: 1 }) }, first.status);
    const next = decideAt(moved, MINUTE);
    expect(next.status).toEqual(first.status);
    expect([...first.events, ...next.events]).toEqual([]);
  });

  test('has its place in line in status while it waits', () => {
    const facts = changed({ ...full, waiting: 6, ahead: 3, meanMs: MINUTE });
    const { status } = decideAt(facts);
    const place = { place: 4, of: 7, expectedAt: stamp(4 * MINUTE) };
    expect(status.turn).toEqual({ generation: 2, since: stamp(0), ...place });
    const free = decideValidated(withStatus({ ...facts, fleet: fleetOf({ counted: 20 }) }, status));
    expect(free.status.launch?.number).toBe(2);
    expect(free.status.turn).toBeUndefined();
  });

  test('which an upgrade in the middle of a roll-out does not add: that would be a write for each that waits', () => {
    const facts = changed({ ...full, waiting: 6, ahead: 3 });
    const { turn: _, ...older } = decideAt(facts).status;
    const moved = { ...facts, fleet: fleetOf({ ...full, waiting: 4, ahead: 1 }) };
    const { status, events } = decideAt(withStatus(moved, older), MINUTE);
    expect(JSON.stringify(status)).toBe(JSON.stringify(older));
    expect(events).toEqual([]);
  });

  test.each([
    ['carried out', statusOf()],
    ['followed by another that waits', statusOf({ desired: desiredOf(2, 'b') })],
  ])(
    'a place that an earlier release left on record is cleared once when its change is %s',
    (_how, status) => {
      const left = { ...status, turn: { generation: 1, since: stamp(-MINUTE), place: 2, of: 2 } };
      const facts = changed(full, {
        status: left,
        environment: environmentOf(status.desired?.env === b ? 'b' : 'a'),
      });
      const first = decideAt(facts).status;
      expect(first.turn?.generation).not.toBe(1);
      expect(decideAt(withStatus(facts, first)).status).toEqual(first);
    },
  );

  test('says so again for the next generation', () => {
    const facts = changed({ ...full, waiting: 6, ahead: 3 });
    const { status } = decideAt(facts);
    const later = { ...status, desired: desiredOf(3, 'c') };
    const next = decideAt(withStatus({ ...facts, environment: environmentOf('c') }, later));
    expect(conditionOf(next, 'UpToDate').message).toMatch(/^Generation 3 /);
  });

  test.each(CAUSE_KINDS.filter(outdatedBy))('waits as %s too', (cause) => {
    const desired = desiredOf(2, 'b', { cause });
    expect(launched(changed(full, { status: statusOf({ desired }) }))).toBe(false);
  });
});

describe('what no budget holds back', () => {
  test('a person’s restart: it is of this one alone, and asked for by name', () => {
    const facts = factsOf({ spec: { requests: { restart: 'now' } }, fleet: fleetOf(full) });
    const decision = decideValidated(facts);
    expect(decision.status.launch?.cause).toEqual({ kind: 'Restart', ref: 'now' });
    expect(decision.claim).toMatchObject({ slot: false });
  });

  test('a change of a Workspace that is itself down: it can’t become worse', () => {
    const silent = {
      launches: [heartbeatOf(1, { fresh: false })],
      available: true,
      since: 0,
      massSilence: false,
    };
    const process = { silence: { number: 1, since: 0, at: 0 } };
    const facts = changed(full, { heartbeats: silent, process });
    expect(launched(facts)).toBe(true);
    expect(decideValidated(facts).claim).toMatchObject({ slot: false });
  });

  test('silence of many at once is no proof that one is down: its change waits as any other', () => {
    const silent = {
      launches: [heartbeatOf(1, { fresh: false })],
      available: true,
      since: 0,
      massSilence: true,
    };
    const process = { silence: { number: 1, since: 0, at: 0 } };
    const ready = decideAt(factsOf()).status;
    const status = { ...ready, desired: desiredOf(2, 'b') };
    expect(launched(changed(full, { heartbeats: silent, process, status }))).toBe(false);
  });

  test('the repair of what has ended', () => {
    const launch = launchOf({ ended: { outcome: 'Ended', at: stamp(-MINUTE) } });
    const facts = factsOf({
      status: statusOf({ launch }),
      instances: [instanceOf(1, 'terminated')],
      fleet: fleetOf(full),
    });
    expect(launched(facts)).toBe(true);
  });
});

describe('one first', () => {
  const trying = { contents: { [b]: { proven: false, trying: 'default/first', failing: 0 } } };

  test('content that no Workspace is Ready with yet is tried by one', () => {
    const contents = { [b]: { proven: false, failing: 0 } };
    expect(launched(changed({ counted: 100, contents }))).toBe(true);
  });

  test('the others wait until it is Ready, though there are slots', () => {
    const decision = decideAt(changed({ counted: 100, ...trying }));
    expect(decision.status.launch?.number).toBe(1);
    expect(conditionOf(decision, 'UpToDate')).toMatchObject({ reason: 'RolloutVerifying' });
    expect(conditionOf(decision, 'UpToDate').message).toContain('default/first is the first');
    expect(decision.status.turn).toEqual({ generation: 2, since: stamp(0), behind: 'default/first' });
  });

  test('they follow once one is Ready with it', () => {
    const contents = { [b]: { proven: true, trying: 'default/second', failing: 0 } };
    expect(launched(changed({ counted: 100, contents }))).toBe(true);
  });

  test('with a class’s change as with a Secret’s', () => {
    const name = classContent(OTHER);
    const contents = { [name]: { proven: false, trying: 'default/first', failing: 0 } };
    expect(launched(classChanged({ counted: 100, contents }))).toBe(false);
    const proven = { [name]: { proven: true, failing: 0 } };
    const decision = decideValidated(classChanged({ counted: 100, contents: proven }));
    expect(decision.claim).toEqual({ slot: true, room: false, contents: [name] });
  });

  test('content that one failed with waits though none tries it now, and though others came up with it if several failed', () => {
    expect(launched(changed({ counted: 100, contents: { [b]: { proven: false, failing: 1 } } }))).toBe(false);
    expect(launched(changed({ counted: 100, contents: { [b]: { proven: true, failing: 2 } } }))).toBe(true);
    expect(launched(changed({ counted: 100, contents: { [b]: { proven: true, failing: 3 } } }))).toBe(false);
  });

  test('a change that another content holds back is none of it', () => {
    const contents = { [envDigest('c')]: { proven: false, trying: 'default/first', failing: 0 } };
    expect(launched(changed({ counted: 100, contents }))).toBe(true);
  });
});

describe('halted', () => {
  const halted = [
    { content: classContent(OTHER), since: stamp(-MINUTE), by: 'default/first', message: 'It failed.' },
  ];
  const klass = { ...classOf(), status: { observedGeneration: 1, halted } };

  test('what serves stays, and says what failed and what to do', () => {
    const decision = decideAt(classChanged({ counted: 100 }, { class: klass }));
    expect(decision.status.launch?.number).toBe(1);
    expect(conditionOf(decision, 'Ready')).toMatchObject({ status: 'True' });
    expect(conditionOf(decision, 'UpToDate')).toMatchObject({ status: 'False', reason: 'RolloutHalted' });
    expect(conditionOf(decision, 'UpToDate').message).toMatch(
      /default\/first .*never became Ready.*spec\.requests\.resume/,
    );
    expect(conditionOf(decision, 'Stalled')).toMatchObject({ status: 'True', reason: 'RolloutHalted' });
  });

  test('a Workspace names one that failed, and repeats nothing of how: that may be another tenant’s', () => {
    const message = '2 launches of other/first with it never became Ready. The console ends: its words';
    const record = [{ content: classContent(OTHER), since: stamp(0), by: 'other/first', message }];
    const other = { ...classOf(), status: { observedGeneration: 1, halted: record } };
    const decision = decideAt(classChanged({ counted: 100 }, { class: other }));
    expect(conditionOf(decision, 'UpToDate').message).toContain('other/first');
    expect(JSON.stringify(decision)).not.toContain('its words');
  });

  test('a Secret’s change goes on meanwhile', () => {
    expect(launched(changed({ counted: 100 }, { class: klass }))).toBe(true);
  });

  test('a repair goes on meanwhile, with what the class says now: what is down has nothing to lose', () => {
    const launch = launchOf({ ended: { outcome: 'Ended', at: stamp(-MINUTE) } });
    const desired = { ...desiredOf(2, 'a'), machine: OTHER, cause: 'ClassChanged' as const };
    const facts = factsOf({
      status: statusOf({ launch, desired }),
      machine: OTHER,
      instances: [instanceOf(1, 'terminated')],
      class: klass,
    });
    expect(launched(facts)).toBe(true);
  });

  test('a newer change of the class is another content', () => {
    const newer = 'm1:own:newer';
    const desired = { ...desiredOf(3, 'a'), machine: newer, cause: 'ClassChanged' as const };
    const facts = factsOf({ status: statusOf({ desired }), machine: newer, class: klass });
    expect(launched(facts)).toBe(true);
  });
});

test('the first launch of a Workspace needs room, and no slot', () => {
  const status = statusOf({
    launch: { number: 0, generation: 0, phase: 'Closed', failures: 0 },
    desired: desiredOf(1, 'a', { cause: 'Created', machine: MACHINE }),
    instance: undefined,
    provisions: 0,
  });
  const decision = decideAt(factsOf({ status, instances: [], fleet: fleetOf(full) }));
  expect(decision.claim).toEqual({ slot: false, room: true, contents: [] });
});
