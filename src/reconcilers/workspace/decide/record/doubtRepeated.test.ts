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
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';
import { plus } from '../../../../controller/lib/time.ts';
import type { LaunchAnswer } from '../facts/processFacts.ts';

describe('a repeated request that EC2 refuses before it looks for its token', () => {
  const LATE = 2 * MINUTE;

  /** Its last request was refused so long ago, and the one before was sent as long before as given, ms. */
  function refusedAgo(ms: number, code: string, more: Overrides = {}, quietMs = HOUR) {
    const sentAt = plus(NOW.mono, -ms);
    const found = refusalOf(1, code === 'ExpiredToken' ? 'userFix' : 'quota', {
      firstSend: false,
      quietSince: plus(sentAt, -quietMs),
      sentAt,
    });
    const answer = { ...found, result: { ...found.result, code } } as LaunchAnswer;
    const status = statusOf({ launch: doubtful(), instance: undefined, provisions: 0 });
    return factsOf({
      status,
      instances: [],
      heartbeats: { available: true, since: 0, launches: [] },
      process: { answer, sends: { count: 2, lastAt: sentAt } },
      ...more,
    });
  }

  describe.each(['ExpiredToken', 'PendingVerification'])('%s', (code) => {
    test('says nothing of an earlier one: only a sweep begun T_vis later does', () => {
      const soon = decideAt(refusedAgo(5 * MINUTE - 1, code, { sweptAt: NOW.mono }));
      expect(soon.status.launch).toMatchObject({ number: 1, phase: 'Submitted' });
      expect(soon.status.launch?.ended).toBeUndefined();
      expect(soon.effect).toBeUndefined();
      expect(conditionOf(soon, 'Ready')).toMatchObject({ status: 'False', reason: 'Launching' });
      expect(conditionOf(soon, 'Ready').message).toContain(code);
      const outcomeAfter = (ms: number, sweptMsAgo: number) =>
        decideAt(refusedAgo(ms, code, { sweptAt: NOW.mono - sweptMsAgo })).status.history?.[0]?.outcome;
      expect(outcomeAfter(5 * MINUTE, 0)).toBe('Refused');
      expect(outcomeAfter(30 * MINUTE, 25 * MINUTE)).toBe('Refused');
      expect(outcomeAfter(30 * MINUTE, 25 * MINUTE + 1)).toBeUndefined();
    });

    test('while an earlier one may still land it is sent again, T_late later', () => {
      const sentAgain = decideAt(refusedAgo(SECOND, code, { sweptAt: NOW.mono }, LATE - 1));
      expect(sentAgain.effect).toBeUndefined();
      expect(sentAgain.requeueAfterMs).toBe(LATE - SECOND);
    });

    test('what an earlier one made is adopted as soon as EC2 shows it', () => {
      const { status } = decideAt(refusedAgo(MINUTE, code, { instances: [instanceOf(1, 'pending')] }));
      expect(status.launch).toMatchObject({ number: 1, instanceID: 'i-1' });
      expect(status.launch?.ended).toBeUndefined();
    });
  });
});
