import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryFacts } from '../../../../../test/support/workspace/arbitraryFacts.ts';
import {
  conditionOf,
  decideAt,
  decideValidated,
  verdictOn,
  written,
} from '../../../../../test/support/workspace/decisions.ts';
import {
  booting,
  desiredOf,
  environmentOf,
  factsOf,
  heartbeatOf,
  instanceOf,
  launchOf,
  MINUTE,
  NOW,
  type Overrides,
  SECOND,
  stamp,
  statusOf,
  waiting,
} from '../../../../../test/support/workspace/facts.ts';
import { plus } from '../../../../controller/lib/time.ts';
import type { Facts } from '../facts/facts.ts';
import { NEAR_MS } from './line.ts';

const FAR = { inMs: 10 * MINUTE, ahead: 1199 };
const NEAR = { inMs: NEAR_MS, ahead: 60 };
const silent = { available: true, since: 0, launches: [heartbeatOf(1, { fresh: false, boot: 3 })] };

describe('a launch that waits for its turn', () => {
  const inLine = (line: Facts['line'], more: Overrides = {}) =>
    factsOf({
      status: statusOf({ launch: waiting(2), desired: desiredOf(2, 'b'), instance: undefined }),
      environment: environmentOf('b'),
      instances: [instanceOf(1, 'terminated')],
      heartbeats: silent,
      line,
      ...more,
    });

  test('asks for a place once it could be sent, among those who had an instance; first launches have their own lane', () => {
    expect(decideAt(inLine(undefined)).ask).toEqual({
      bucket: 'RunInstances',
      lane: 'again',
      errand: 'send',
      order: waiting(2).openedAt,
      ready: true,
    });
    const status = statusOf({ launch: waiting(1), instance: undefined, provisions: 0 });
    expect(decideAt(inLine(undefined, { status, instances: [] })).ask?.lane).toBe('first');
  });

  test.each<[string, Overrides]>([
    ['its predecessor is ending', { instances: [instanceOf(1, 'shutting-down')] }],
    ['a Secret is missing', { environment: { kind: 'Missing', secrets: ['ada-env'] } }],
    ['it is paused', { spec: { paused: true } }],
    ['it is Stopped', { spec: { operatingMode: 'Stopped' } }],
    ['it is being deleted', { metadata: { deletionTimestamp: stamp(0) } }],
  ])('has no place while %s', (_when, more) => {
    expect(decideAt(inLine(undefined, more)).ask).toBeUndefined();
  });

  test('is not armed: nothing runs in line, neither a deadline nor the age of a replay', () => {
    const { status, effect, requeueAfterMs } = decideAt(inLine(FAR));
    expect(effect).toBeUndefined();
    expect(status.launch).toEqual(waiting(2));
    expect(requeueAfterMs).toBe(FAR.inMs);
  });

  test('is armed and sent in the pass that has its turn, with deadlines from then', () => {
    const { status, effect } = decideAt(inLine({ inMs: 0, ahead: 0 }));
    expect(status.launch).toMatchObject({
      phase: 'Submitted',
      submittedAt: stamp(0),
      deadline: stamp(15 * MINUTE),
    });
    expect(effect).toEqual({ kind: 'RunInstances', number: 2, armed: true });
  });

  test('says so where it is worth a write, once, as it was when the wait began', () => {
    const first = written(inLine(FAR));
    expect(conditionOf(first.decision, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'LaunchQueued',
      message: `Launch 2 (SecretChanged) waits for its turn: EC2 limits RunInstances requests for the whole account and region; at ${stamp(0)} it was number 1200 in line, its turn is about ${stamp(10 * MINUTE)}.`,
    });
    expect(first.status.turn).toEqual({
      generation: 2,
      since: stamp(0),
      place: 1200,
      expectedAt: stamp(10 * MINUTE),
    });
    const later = decideAt({ ...first.facts, line: { inMs: 3 * SECOND, ahead: 5 } }, 9 * MINUTE);
    expect(conditionOf(later, 'Ready').message).toBe(conditionOf(first.decision, 'Ready').message);
    expect(later.status.turn).toEqual(first.status.turn);
    const short = decideAt(inLine({ inMs: 9 * SECOND, ahead: 18 }));
    expect(conditionOf(short, 'Ready').reason).toBe('Restarting');
    expect(decideAt({ ...first.facts, line: { inMs: 0, ahead: 0 } }).status.turn).toBeUndefined();
  });

  test('one in doubt was sent before: it is repeated however long the line of those that are to be sent is', () => {
    const doubt = statusOf({ launch: booting({ instanceID: undefined }), instance: undefined });
    const { effect, ask } = decideAt(inLine(FAR, { status: doubt, instances: [] }));
    expect(effect).toEqual({ kind: 'RunInstances', number: 1, armed: false });
    expect(ask).toBeUndefined();
  });
});

describe('an instance that a program would replace', () => {
  const changed = (line: Facts['line'], more: Overrides = {}) =>
    factsOf({
      status: statusOf({ desired: desiredOf(2, 'b'), launch: launchOf() }),
      environment: environmentOf('b'),
      line,
      ...more,
    });

  test('serves on while its successor’s turn is far, and nothing is asked of EC2', () => {
    const decision = decideAt(changed(FAR));
    expect(decision.effect).toBeUndefined();
    expect(decision.status.launch?.number).toBe(1);
    expect(conditionOf(decision, 'Ready').status).toBe('True');
    expect(conditionOf(decision, 'UpToDate')).toMatchObject({ status: 'False', reason: 'LaunchQueued' });
    expect(decision.ask).toMatchObject({
      lane: 'first',
      errand: 'open',
      order: stamp(-MINUTE),
      ready: false,
    });
  });

  test('is validated shortly before, and given up on the turn alone', () => {
    expect(decideAt(changed(NEAR)).effect?.kind).toBe('DryRun');
    const validations = [verdictOn(changed(NEAR))];
    const near = decideAt(changed(NEAR, { process: { validations } }));
    expect(near.effect).toBeUndefined();
    expect(near.status.launch?.number).toBe(1);
    expect(near.ask?.ready).toBe(true);
    const turn = decideAt(changed({ inMs: 0, ahead: 0 }, { process: { validations } }));
    expect(turn.status.launch).toMatchObject({ number: 2, phase: 'Waiting' });
    expect(turn.claim).toBeDefined();
  });

  test('takes no place where EC2 refused the successor lately, or nothing could boot', () => {
    const { fingerprint } = verdictOn(changed(NEAR));
    const verdict = { ok: false as const, class: 'quota' as const, code: 'C', message: 'No.' };
    const validations = [{ fingerprint, verdict, expiresAt: plus(NOW.mono, MINUTE) }];
    expect(decideAt(changed(undefined, { process: { validations } })).ask).toBeUndefined();
    const heartbeats = { available: false, launches: [heartbeatOf(1)] };
    expect(decideAt(changed(undefined, { heartbeats })).ask).toBeUndefined();
  });

  test('for a person’s restart it is given up at once: when is for them to say', () => {
    const spec = { requests: { restart: 'now' } };
    const { status, ask } = decideValidated(changed(FAR, { spec }));
    expect(status.launch).toMatchObject({ number: 2, cause: { kind: 'Restart' } });
    expect(ask).toBeUndefined();
  });

  test('one that fell silent, or never spoke, stays as well: it may be heard again', () => {
    const launch = booting({ deadline: stamp(-10 * MINUTE) });
    const overdue = changed(FAR, {
      status: statusOf({ launch }),
      environment: environmentOf('a'),
      heartbeats: { available: true, since: 0, launches: [] },
      process: { console: { 'i-1': '' } },
    });
    expect(decideValidated(overdue).status.launch?.number).toBe(1);
    expect(decideValidated({ ...overdue, line: { inMs: 0, ahead: 0 } }).status.launch?.number).toBe(2);
  });
});

describe('an instance that is to be started', () => {
  const resting = (line: Facts['line'], more: Overrides = {}) =>
    factsOf({
      status: statusOf({ launch: launchOf({ phase: 'Stopped' }), instance: { id: 'i-1', state: 'stopped' } }),
      instances: [instanceOf(1, 'stopped')],
      heartbeats: silent,
      line,
      ...more,
    });

  test('rests until its turn, and has its whole time from then', () => {
    const { status, effect, ask } = decideAt(resting(FAR));
    expect(effect).toBeUndefined();
    expect(status.launch).toEqual(launchOf({ phase: 'Stopped' }));
    expect(ask).toMatchObject({ bucket: 'StartInstances', errand: 'send' });
    const turn = decideAt(resting({ inMs: 0, ahead: 0 }));
    expect(turn.effect?.kind).toBe('StartInstances');
    expect(turn.status.launch?.deadline).toBe(stamp(15 * MINUTE));
  });

  test('found stopped past its deadline it is not replaced for the time that it waits in line', () => {
    const launch = booting({ deadline: stamp(-MINUTE), after: { boot: 3 } });
    const status = statusOf({ launch, instance: { id: 'i-1', state: 'stopped' } });
    const decision = decideValidated(resting(FAR, { status, process: { console: { 'i-1': '' } } }));
    expect(decision.effect).toBeUndefined();
    expect(decision.status.launch).toMatchObject({ number: 1, deadline: stamp(15 * MINUTE) });
  });
});

describe('for all facts', () => {
  const both = (facts: Facts) =>
    [
      decideAt({ ...facts, line: { inMs: 0, ahead: 0 } }),
      decideAt({ ...facts, line: FAR }),
      decideAt({ ...facts, line: undefined }),
    ] as const;

  test('no end, stop or deletion waits for a line', () => {
    const never = new Set([
      'TerminateInstances',
      'StopInstances',
      'AddFinalizer',
      'RemoveFinalizer',
      'ReadConsole',
    ]);
    fc.assert(
      fc.property(arbitraryFacts, (facts) => {
        const [open, far] = both(facts);
        if (
          open.effect &&
          never.has(open.effect.kind) &&
          open.status.launch?.number === far.status.launch?.number
        )
          expect(far.effect).toEqual(open.effect);
      }),
      { numRuns: 500 },
    );
  });

  test('before its turn nothing is armed or started, and no program gives up what lives', () => {
    fc.assert(
      fc.property(arbitraryFacts, (facts) => {
        const before = facts.workspace.status?.launch;
        const asked = decideAt({ ...facts, line: { inMs: 0, ahead: 0 } }).effect;
        const { process } = asked?.kind === 'DryRun' ? withVerdict(facts, asked.fingerprint) : facts;
        for (const line of [FAR, NEAR, undefined]) {
          const { status, effect } = decideAt({ ...facts, process, line });
          const { launch } = status;
          if (effect?.kind === 'RunInstances') expect(effect.armed).toBe(false);
          if (before?.phase === 'Waiting' && !launch?.instanceID) expect(launch?.submittedAt).toBeUndefined();
          if (before?.phase === 'Stopped') expect(effect?.kind).not.toBe('StartInstances');
          const ended = (launch?.number ?? 0) > (before?.number ?? 0) && status.terminating;
          if (ended && facts.workspace.status && launch?.phase === 'Waiting')
            expect(launch.cause?.kind === 'Restart' || !lived(facts)).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

function withVerdict(facts: Facts, fingerprint: string): Facts {
  const verdict = { ok: true as const };
  const validations = [{ fingerprint, verdict, expiresAt: plus(NOW.mono, MINUTE) }];
  return { ...facts, process: { ...facts.process, validations } };
}

/** Whether the launch on record has an instance that a program would end. */
function lived({ workspace, instances }: Facts): boolean {
  const launch = workspace.status?.launch;
  const gone = new Set(['shutting-down', 'terminated']);
  const instance = instances.find(({ id }) => id === launch?.instanceID);
  if (!instance || launch?.ended || instance.notFound) return false;
  return instance.clientToken !== 'another request' && !gone.has(instance.state);
}
