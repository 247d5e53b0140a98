import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plain } from '../../../../../test/support/base/moments.ts';
import { arbitrarySilence } from '../../../../../test/support/workspace/arbitrarySilence.ts';
import {
  conditionOf,
  decideAt,
  decideValidated,
  written,
} from '../../../../../test/support/workspace/decisions.ts';
import {
  classOf,
  factsOf,
  HOUR,
  heartbeatOf,
  instanceOf,
  launchOf,
  MINUTE,
  NOW,
  type Overrides,
  SECOND,
  silenceOf,
  stamp,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';
import type { Facts } from '../facts/facts.ts';

const AFTER = 5 * MINUTE;
const TIMEOUT = 90 * SECOND;
/** When a silence may be shown: a heartbeat period and a half after it began. */
const SHOWN = 45 * SECOND;
const heardAt = NOW.wall - TIMEOUT;
const row = heartbeatOf(1, { fresh: false, lastHeartbeatAt: heardAt });

/** Launch 1 served for an hour; at NOW this process learns that it is not heard any more. */
function silent(more: Overrides = {}): Overrides {
  const { heartbeats, process, ...rest } = more;
  return {
    status: served(),
    heartbeats: { available: true, since: NOW.mono - HOUR, launches: [row], ...heartbeats },
    sweptAt: NOW.mono + AFTER - SECOND,
    ...rest,
    process: { silence: silenceOf(1, 0), console: { 'i-1': '' }, ...process },
  };
}

const launch = launchOf({ submittedAt: stamp(-HOUR), readyAt: stamp(-HOUR + MINUTE) });
const served = () => written(factsOf({ status: statusOf({ launch }) })).status;
const numberAt = (more: Overrides, ms: number) => decideValidated(factsOf(more), ms).status.launch?.number;

describe('an instance that heartbeat before and fell silent', () => {
  test('is replaced after the class’s time, once, for that end, which the same write records', () => {
    expect(numberAt(silent(), AFTER - 1)).toBe(1);
    expect(decideAt(factsOf(silent()), AFTER).effect?.kind).toBe('DryRun');
    const { status, effect } = decideValidated(factsOf(silent()), AFTER);
    expect(status.launch).toMatchObject({
      number: 2,
      phase: 'Waiting',
      cause: { kind: 'HeartbeatLost', ref: '1' },
      failures: 1,
    });
    expect(status.history?.[0]).toMatchObject({ number: 1, outcome: 'HeartbeatLost', instanceID: 'i-1' });
    expect(status.terminating).toEqual([{ number: 1, instanceID: 'i-1' }]);
    expect(effect).toEqual({ kind: 'TerminateInstances', ids: ['i-1'] });
  });

  test('is looked at again exactly then, and is no news before', () => {
    const shown = written(factsOf(silent()), SHOWN);
    expect(shown.decision.requeueAfterMs).toBe(AFTER - SHOWN);
    expect(decideAt(shown.facts, AFTER - 1).status).toEqual(shown.status);
    expect(decideAt(shown.facts, AFTER).status).toEqual(shown.status);
  });

  test('is said to be: since when, when it is replaced, what to do, and with the end of its console', () => {
    const read = silent({ process: { console: { 'i-1': 'kernel panic' } } });
    const ready = conditionOf(decideAt(factsOf(read), SHOWN), 'Ready');
    expect(ready).toMatchObject({ status: 'False', reason: 'HeartbeatLost' });
    expect(ready.message).toContain(`since ${new Date(heardAt).toISOString()}`);
    expect(ready.message).toContain(`replaced at ${stamp(AFTER)}`);
    expect(ready.message).toMatch(/Look at its console.*The console ends: kernel panic/);
    expect(decideValidated(factsOf(read), AFTER).status.history?.[0]?.message).toContain('kernel panic');
    const unread = silent({ process: { console: {} } });
    expect(decideAt(factsOf(unread), SHOWN).effect).toEqual({ kind: 'ReadConsole', instanceID: 'i-1' });
    expect(decideAt(factsOf(unread), AFTER).effect).toEqual({ kind: 'ReadConsole', instanceID: 'i-1' });
  });

  test('does not count before its cause has had time to silence the others', () => {
    const before = decideAt(factsOf(silent()), SHOWN - 1);
    expect(before.status).toEqual(served());
    expect(before.requeueAfterMs).toBe(1);
  });

  test('that is heard again stays, up to the last moment', () => {
    const heard = silent({ heartbeats: { available: true, since: 0, launches: [heartbeatOf(1)] } });
    expect(numberAt(heard, AFTER)).toBe(1);
    expect(conditionOf(decideAt(factsOf(heard), AFTER), 'Ready').status).toBe('True');
  });

  test.each<[string, Overrides]>([
    ['the evidence is missing', { heartbeats: { available: false, launches: [row] } }],
    [
      'the evidence has been back for less than that time',
      { heartbeats: { available: true, since: NOW.mono + SECOND, launches: [row] } },
    ],
    [
      'too many of its class are silent',
      { heartbeats: { available: true, since: 0, massSilence: true, launches: [row] } },
    ],
    ['another launch is what this process knows to be silent', { process: { silence: silenceOf(2, 0) } }],
    ['this process knows of no silence', { process: { silence: undefined } }],
    ['no sweep since has shown it', { sweptAt: NOW.mono - SECOND }],
    ['EC2 does not show it', { instances: [instanceOf(1, 'running', { missing: true })] }],
    ['it is stopping', { instances: [instanceOf(1, 'stopping')] }],
    ['the Workspace is paused', { spec: { paused: true } }],
    ['the Workspace is being deleted', { metadata: { deletionTimestamp: stamp(0) } }],
    ['its successor would lack a Secret', { environment: { kind: 'Missing', secrets: ['ada-env'] } }],
    ['the class’s policy is None', { class: classOf({ repair: { policy: 'None' } }) }],
    ['its class is gone', { class: undefined, machine: undefined, classAllowed: false }],
  ])('stays while %s', (_why, more) => {
    const decision = decideValidated(factsOf(silent(more)), AFTER);
    expect(decision.status.launch?.number).toBe(1);
    if (!more.metadata) expect(decision.effect?.kind).not.toBe('TerminateInstances');
  });

  test('while paused is said to be, but not to be replaced', () => {
    const { decision } = written(factsOf(silent({ spec: { paused: true } })), HOUR);
    expect(conditionOf(decision, 'Ready')).toMatchObject({ status: 'False', reason: 'HeartbeatLost' });
    expect(conditionOf(decision, 'Ready').message).not.toMatch(/replaced/);
  });

  test('with policy None says that a person has to ask', () => {
    const none = silent({ class: classOf({ repair: { policy: 'None' } }) });
    const decision = decideAt(factsOf(none), HOUR);
    expect(conditionOf(decision, 'Ready').message).toMatch(/policy of its class is None/);
    expect(decision.requeueAfterMs).toBeUndefined();
    const asked = { ...none, spec: { requests: { restart: 'now' } } };
    expect(decideValidated(factsOf(asked)).status.launch?.cause).toEqual({ kind: 'Restart', ref: 'now' });
  });

  test('is given a whole heartbeat timeout, however little the class says', () => {
    const hasty = silent({ class: classOf({ repair: { afterSeconds: 0 } }), sweptAt: NOW.mono });
    expect(numberAt(hasty, TIMEOUT - 1)).toBe(1);
    expect(numberAt(hasty, TIMEOUT)).toBe(2);
  });

  test('soon after a boot, again and again, backs off like other repairs; silence is no service', () => {
    const again = launchOf({
      failures: 4,
      submittedAt: stamp(-20 * MINUTE),
      readyAt: new Date(heardAt - MINUTE).toISOString(),
    });
    const facts = silent({ status: statusOf({ launch: again }), sweptAt: NOW.mono + HOUR });
    expect(numberAt(facts, 8 * MINUTE - 1)).toBe(1);
    const next = decideValidated(factsOf(facts), 8 * MINUTE);
    expect(next.status.launch).toMatchObject({ number: 2, failures: 5 });
  });
});

describe('missing evidence on silence changes no verdict', () => {
  test.each<[string, Overrides]>([
    [
      'too many of the class are silent',
      { heartbeats: { available: true, since: 0, massSilence: true, launches: [row] } },
    ],
    [
      'the database came back without rows',
      { heartbeats: { available: true, since: NOW.mono, launches: [] } },
    ],
    ['nothing can be read', { heartbeats: { available: false, launches: [row] } }],
  ])('%s: nothing is written', (_what, more) => {
    const decision = decideAt(factsOf(silent(more)), SHOWN);
    expect(decision.status).toEqual(served());
    expect(decision.events).toEqual([]);
    expect(decision.effect).toBeUndefined();
  });

  test('a launch that the database has no row of is silent only after a whole timeout more', () => {
    const lost = silent({
      heartbeats: { available: true, since: NOW.mono, launches: [] },
      sweptAt: NOW.mono + HOUR,
    });
    expect(decideAt(factsOf(lost), TIMEOUT + SHOWN - 1).status).toEqual(served());
    expect(conditionOf(decideAt(factsOf(lost), TIMEOUT + SHOWN), 'Ready').reason).toBe('HeartbeatLost');
    expect(numberAt(lost, TIMEOUT + AFTER - 1)).toBe(1);
    expect(numberAt(lost, TIMEOUT + AFTER)).toBe(2);
  });
});

describe('EC2’s status checks fail', () => {
  const impairedSince = (agoMs: number) => ({
    instances: [
      instanceOf(1, 'running', { impaired: { kind: 'instance' as const, since: NOW.mono - agoMs } }),
    ],
    sweptAt: NOW.mono + HOUR,
  });

  test('an instance that heartbeats all the same is alive: only a condition and an event say so', () => {
    const facts = factsOf({ status: served(), ...impairedSince(HOUR) });
    const { status, decision } = written(facts, HOUR);
    expect(status.launch?.number).toBe(1);
    expect(conditionOf(decision, 'Ready').status).toBe('True');
    expect(conditionOf(decision, 'InstanceReady')).toMatchObject({ status: 'False', reason: 'Impaired' });
    expect(decideAt(facts).events).toMatchObject([{ type: 'Warning', reason: 'Impaired' }]);
    expect(decision.events).toEqual([]);
  });

  test('a silent instance is replaced, for that cause, once they have failed for the class’s time', () => {
    const facts = silent(impairedSince(AFTER - 2 * MINUTE));
    expect(numberAt(facts, 2 * MINUTE - 1)).toBe(1);
    const { status } = decideValidated(factsOf(facts), 2 * MINUTE);
    expect(status.launch).toMatchObject({ number: 2, cause: { kind: 'Impaired', ref: '1' } });
    expect(status.history?.[0]).toMatchObject({ number: 1, outcome: 'Impaired' });
  });

  test('a silent instance stays within the timeout in which many may turn out to be silent', () => {
    expect(numberAt(silent(impairedSince(HOUR)), TIMEOUT - 1)).toBe(1);
    expect(numberAt(silent(impairedSince(HOUR)), TIMEOUT)).toBe(2);
    const mass = { available: true, since: 0, massSilence: true, launches: [row] };
    expect(numberAt(silent({ ...impairedSince(HOUR), heartbeats: mass }), HOUR)).toBe(1);
  });

  test('with policy None: shown only', () => {
    const facts = silent({ ...impairedSince(HOUR), class: classOf({ repair: { policy: 'None' } }) });
    expect(numberAt(facts, HOUR)).toBe(1);
    expect(conditionOf(decideAt(factsOf(facts), HOUR), 'Ready').message).toContain(
      'instance status check fails',
    );
  });
});

describe('for any facts of a launch that was heard before', () => {
  const replacedIn = (facts: Facts) => {
    const { status } = decideValidated(facts);
    return status.launch?.number === 2 ? status : undefined;
  };

  test('it is replaced on silence only on evidence that is whole, and that is recorded', () => {
    let replaced = 0;
    fc.assert(
      fc.property(arbitrarySilence, (facts) => {
        const status = replacedIn(facts);
        const cause = status?.launch?.cause?.kind;
        if (cause !== 'HeartbeatLost' && cause !== 'Impaired') return;
        replaced += 1;
        const { available, since = Infinity, massSilence, launches } = plain(facts.heartbeats);
        const silence = plain(facts.process.silence) ?? { number: 0, since: Infinity };
        const [instance] = facts.instances;
        expect({ available, massSilence, policy: facts.class?.spec.repair.policy }).toEqual({
          available: true,
          massSilence: false,
          policy: 'Replace',
        });
        expect(silence.number).toBe(1);
        expect(launches.some(({ fresh }) => fresh)).toBe(false);
        expect(NOW.mono - Math.max(since, silence.since)).toBeGreaterThanOrEqual(TIMEOUT);
        expect(instance).toMatchObject({ state: 'running', missing: false });
        expect(plain(facts).sweptAt).toBeGreaterThanOrEqual(Math.max(since, silence.since));
        expect(status?.launch?.cause?.ref).toBe('1');
        expect(status?.history?.[0]).toMatchObject({ number: 1, outcome: cause });
      }),
      { numRuns: 2000, seed: 1 },
    );
    expect(replaced).toBeGreaterThan(20);
  });

  test('while evidence on silence is missing, it changes nothing but that EC2 is looked at: no word, no effect, no wake-up of its own', () => {
    fc.assert(
      fc.property(arbitrarySilence, (facts) => {
        if (facts.heartbeats.available && !facts.heartbeats.massSilence) return;
        const { silence: _, ...process } = facts.process;
        const { sweep: _sweep, ...decision } = decideAt(facts);
        const { sweep: _other, ...without } = decideAt({ ...facts, process });
        expect(decision).toEqual(without);
      }),
    );
  });

  test('over facts that do not change it comes to rest', () => {
    fc.assert(fc.property(arbitrarySilence, (facts) => void written(facts)));
  });
});
