import { describe, expect, test } from 'vitest';
import { conditionOf, decideAt } from '../../../../../test/support/workspace/decisions.ts';
import {
  doubtful,
  factsOf,
  HOUR,
  instanceOf,
  MINUTE,
  NOW,
  type Overrides,
  refusalOf,
  SECOND,
  stamp,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';
import type { Launch } from '../../../../api/kinds/workspace.ts';
import { plus } from '../../../../controller/lib/time.ts';
import type { LaunchAnswer } from '../facts/processFacts.ts';

const replayed = { kind: 'RunInstances', number: 1, armed: false };
const late = 2 * MINUTE;

function inDoubt(more: Overrides = {}, launch: Partial<Launch> = {}) {
  const status = statusOf({ launch: doubtful(launch), instance: undefined, provisions: 0 });
  return factsOf({ status, instances: [], heartbeats: { available: true, since: 0, launches: [] }, ...more });
}

const sentAgo = (ms: number, count = 1) => ({ count, lastAt: NOW.mono - ms });
const answer = (result: LaunchAnswer['result'], ago = SECOND): LaunchAnswer => ({
  number: 1,
  sentAt: plus(NOW.mono, -ago),
  firstSend: true,
  quietSince: plus(NOW.mono, -HOUR),
  result,
});

describe('an ambiguous launch is replayed under the same number, with what is on record', () => {
  test.each<[string, LaunchAnswer]>([
    ['no answer', answer({ kind: 'ambiguous', code: 'ETIMEDOUT' }, MINUTE)],
    [
      'throttled, and an earlier request may still land',
      { ...answer({ kind: 'throttled' }, MINUTE), firstSend: false, quietSince: plus(NOW.mono, -2 * MINUTE) },
    ],
  ])('%s', (_what, found) => {
    const facts = inDoubt({ process: { answer: found, sends: sentAgo(MINUTE) } });
    const { status, effect } = decideAt(facts);
    expect(effect).toEqual(replayed);
    expect(status.launch).toEqual(facts.workspace.status?.launch);
  });

  test('a process that knows nothing replays it too', () => {
    expect(decideAt(inDoubt()).effect).toEqual(replayed);
  });

  test('the pauses between replays double up to their ceiling', () => {
    const waitAfter = (count: number) =>
      decideAt(inDoubt({ process: { sends: sentAgo(0, count) } })).requeueAfterMs;
    expect([1, 2, 3, 4, 9, 99].map(waitAfter)).toEqual([1000, 2000, 4000, 8000, 30_000, 30_000]);
  });

  test('a request that never left the process is tried again, and says why', () => {
    const decision = decideAt(
      inDoubt({ process: { answer: answer({ kind: 'notSent', message: 'NoCredentials: none.' }, 0) } }),
    );
    expect(decision.effect).toBeUndefined();
    expect(decision.requeueAfterMs).toBe(30 * SECOND);
    expect(conditionOf(decision, 'Ready')).toMatchObject({
      reason: 'CloudUnavailable',
      message: 'NoCredentials: none.',
    });
  });

  test('the doubt comes before a person’s request, a secret or a pause', () => {
    const facts = inDoubt({ spec: { paused: true, requests: { restart: 'now' } } });
    const { status, effect } = decideAt(facts);
    expect(effect).toEqual(replayed);
    expect(status.handled).toEqual({});
    expect(status.launch?.number).toBe(1);
  });

  test('nothing is sent before a whole sweep of this term', () => {
    const { effect, requeueAfterMs } = decideAt(inDoubt({ sweptAt: undefined }));
    expect(effect).toBeUndefined();
    expect(requeueAfterMs).toBeGreaterThan(0);
  });
});

describe('takeover mark', () => {
  const taken = (more: Overrides['process'] = {}) =>
    inDoubt({ process: { epoch: 'term-2', wrote: false, ...more } });

  test('a process that has not written this status writes it once before it sends', () => {
    const { status, effect, requeueAfterMs } = decideAt(taken());
    expect(status.launch?.sender).toBe('term-2');
    expect(effect).toBeUndefined();
    expect(requeueAfterMs).toBe(0);
  });

  test('a process sends after the write that marks its takeover', () => {
    const facts = inDoubt({ process: { epoch: 'term-2', wrote: true } }, { sender: 'term-2' });
    expect(decideAt(facts).effect).toEqual(replayed);
  });
});

describe('throttled, where nothing else can be under way', () => {
  const throttled = (more: Overrides = {}) =>
    decideAt(
      inDoubt(
        { process: { answer: answer({ kind: 'throttled' }), sends: sentAgo(SECOND) }, ...more },
        {
          openedAt: stamp(-HOUR),
        },
      ),
    );

  test('it waits in line under its number, as if it had not been sent', () => {
    const { disarmed, effect, status } = throttled({ line: { inMs: 5_000, ahead: 0 } });
    expect(effect).toBeUndefined();
    expect(disarmed).toBe(true);
    expect(status.launch).toMatchObject({ number: 1, phase: 'Waiting', openedAt: stamp(-HOUR), failures: 0 });
    expect(status.launch?.submittedAt).toBeUndefined();
    expect(status.launch?.deadline).toBeUndefined();
    expect(status.launch?.params).toBeUndefined();
    expect(status.history ?? []).toEqual([]);
  });

  test('it is armed again in its turn', () => {
    const { effect, status } = throttled({ line: { inMs: 0, ahead: 0 } });
    expect(effect).toEqual({ kind: 'RunInstances', number: 1, armed: true });
    expect(status.launch?.submittedAt).toBe(stamp(0));
  });

  test('a pause, a stop and a deletion need wait for nothing', () => {
    expect(throttled({ spec: { paused: true } }).status.launch?.phase).toBe('Waiting');
    expect(throttled({ spec: { operatingMode: 'Stopped' } }).status.launch?.phase).toBe('Closed');
  });

  test('a repeated request, however late: EC2 says so before it looks for its token, so that it is repeated again', () => {
    const late = { ...answer({ kind: 'throttled' }, MINUTE), firstSend: false };
    for (const spec of [{}, { operatingMode: 'Stopped' as const }]) {
      const facts = inDoubt({ process: { answer: late, sends: sentAgo(MINUTE, 2) }, spec });
      const { disarmed, effect, status } = decideAt(facts);
      expect(disarmed).toBeUndefined();
      expect(effect).toEqual(replayed);
      expect(status.launch).toEqual(facts.workspace.status?.launch);
    }
  });
});

describe('a refusal', () => {
  const cases: [string, boolean, number, boolean][] = [
    ['of the one send of the pass that armed the launch is definite', true, 0, true],
    ['of a replay T_late after everything else is definite', false, late, true],
    ['of a replay sooner than that is not', false, late - 1, false],
    ['of a replay at once is not', false, 0, false],
  ];
  test.each(cases)('%s', (_name, firstSend, quietFor, expected) => {
    const refusal = refusalOf(1, 'capacity', { firstSend, quietSince: NOW.mono - SECOND - quietFor });
    const { status } = decideAt(inDoubt({ process: { answer: refusal, sends: sentAgo(SECOND, 2) } }));
    expect(status.history?.[0]?.outcome === 'Refused').toBe(expected);
  });

  test('in doubt takes no new number, and is replayed only T_late after the last send', () => {
    const unsure = { firstSend: false, quietSince: NOW.mono - SECOND };
    const at = (ms: number) =>
      decideAt(
        inDoubt({ process: { answer: refusalOf(1, 'capacity', unsure), sends: sentAgo(SECOND, 2) } }),
        ms,
      );
    expect(at(0).effect).toBeUndefined();
    expect(at(0).status.launch?.number).toBe(1);
    expect(at(0).requeueAfterMs).toBe(late - SECOND);
    expect(at(late - SECOND - 1).effect).toBeUndefined();
    expect(at(late - SECOND).effect).toEqual(replayed);
  });

  test('from before this term speaks for nothing: another leader may have sent since', () => {
    const process = {
      termAt: NOW.mono - 10 * SECOND,
      sends: sentAgo(20 * SECOND),
      answer: refusalOf(1, 'capacity', { sentAt: NOW.mono - 20 * SECOND }),
    };
    const { status } = decideAt(inDoubt({ process, sweptAt: NOW.mono - SECOND }));
    expect(status.launch).toMatchObject({ number: 1, phase: 'Submitted' });
    expect(status.launch?.ended).toBeUndefined();
  });

  test('of another number says nothing about this one', () => {
    const { status } = decideAt(inDoubt({ process: { answer: refusalOf(7, 'capacity') } }));
    expect(status.launch?.number).toBe(1);
  });
});

describe('a launch whose request can not be repeated', () => {
  const mismatch = (more: Overrides = {}) =>
    inDoubt({
      process: { answer: answer({ kind: 'mismatch' }, MINUTE), sends: sentAgo(MINUTE, 2) },
      ...more,
    });

  test.each<[string, Parameters<typeof decideAt>[0]]>([
    ['as its token is bound', mismatch()],
    [
      'as it is older than an hour',
      inDoubt({ process: { sends: sentAgo(MINUTE) } }, { submittedAt: stamp(-HOUR - 1) }),
    ],
  ])('is looked up instead of sent, %s', (_why, facts) => {
    const { effect, status, requeueAfterMs } = decideAt(facts);
    expect(effect).toBeUndefined();
    expect(status.launch?.ended).toBeUndefined();
    expect(requeueAfterMs).toBeGreaterThan(0);
  });

  test('is adopted when EC2 shows an instance with its number and token', () => {
    const { status } = decideAt(mismatch({ instances: [instanceOf(1, 'pending')] }));
    expect(status.launch).toMatchObject({ number: 1, instanceID: 'i-1' });
    expect(status.provisions).toBe(1);
  });

  test('has ended when a sweep begun T_late and T_vis after the last send shows none; not a moment sooner', () => {
    const lost = (sweptAgo: number) =>
      decideAt(
        mismatch({
          process: { answer: answer({ kind: 'mismatch' }, 10 * MINUTE), sends: sentAgo(10 * MINUTE, 2) },
          sweptAt: NOW.mono - sweptAgo,
        }),
      ).status;
    expect(lost(3 * MINUTE + 1).launch?.ended).toBeUndefined();
    expect(lost(3 * MINUTE).launch?.ended).toMatchObject({ outcome: 'Lost' });
    expect(lost(3 * MINUTE).launch?.number).toBe(1);
  });

  test('a request that lands T_late after it was sent has T_vis from then on to be shown', () => {
    const landedLate = (sentMinutesAgo: number) =>
      decideAt(
        mismatch({
          process: {
            answer: answer({ kind: 'mismatch' }, sentMinutesAgo * MINUTE),
            sends: sentAgo(sentMinutesAgo * MINUTE, 2),
          },
          sweptAt: NOW.mono,
        }),
      ).status;
    expect(landedLate(5).launch?.ended).toBeUndefined();
    expect(landedLate(6.9).launch?.ended).toBeUndefined();
    expect(landedLate(7).launch?.ended).toMatchObject({ outcome: 'Lost' });
  });

  test('the wait counts from taking the lease when that came later', () => {
    const { status } = decideAt(
      mismatch({
        process: {
          termAt: NOW.mono - 2 * MINUTE,
          answer: answer({ kind: 'mismatch' }, MINUTE),
          sends: sentAgo(10 * MINUTE, 2),
        },
        sweptAt: NOW.mono - SECOND,
      }),
    );
    expect(status.launch?.ended).toBeUndefined();
  });
});
