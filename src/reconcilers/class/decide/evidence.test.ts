import { describe, expect, test } from 'vitest';
import { classFactsOf } from '../../../../test/support/fleet/classFacts.ts';
import { MINUTE, NOW } from '../../../../test/support/workspace/facts.ts';
import { decideClass } from './decide.ts';
import type { EvidenceSummary } from './facts.ts';

const WELL: EvidenceSummary = { heartbeats: { reason: 'Available' }, cloud: { reason: 'Available' } };
const settled = () => decideClass(classFactsOf(), NOW).status;
const later = { wall: NOW.wall + MINUTE, mono: NOW.mono + MINUTE };

function decided(evidence: EvidenceSummary, status = settled()) {
  return decideClass(classFactsOf({ status, evidence, wroteAt: later.mono }), later);
}

describe('missing evidence', () => {
  test.each<[string, EvidenceSummary, string, RegExp]>([
    [
      'DatabaseUnavailable',
      { ...WELL, heartbeats: { reason: 'DatabaseUnavailable' } },
      'EvidenceAvailable',
      /DATABASE_URL/,
    ],
    [
      'GatewayUnavailable',
      { ...WELL, heartbeats: { reason: 'GatewayUnavailable' } },
      'EvidenceAvailable',
      /see whether one runs/,
    ],
    [
      'MassSilence',
      { ...WELL, heartbeats: { reason: 'MassSilence', silent: 90, expected: 300 } },
      'EvidenceAvailable',
      /^90 of 300 instances.*requests\.restart/,
    ],
    [
      'CloudUnavailable',
      { ...WELL, cloud: { reason: 'CloudUnavailable', code: 'TimeoutError' } },
      'CloudAvailable',
      /\(TimeoutError\); see/,
    ],
  ])(
    '%s: one condition and one event, at once, with what to do; and one when it is back',
    (reason, evidence, type, says) => {
      const { status, events } = decided(evidence);
      const conditions = status.conditions?.filter(
        (condition) => condition.status !== 'True' && condition.type !== 'Ready',
      );
      expect(conditions).toMatchObject([
        { type, status: 'False', reason, message: expect.stringMatching(says) },
      ]);
      expect(events).toEqual([{ type: 'Warning', reason, message: conditions?.[0]?.message }]);
      expect(decided(evidence, status)).toMatchObject({ status, events: [] });
      const back = decided(WELL, status);
      expect(back.events).toMatchObject([{ type: 'Normal', reason: type }]);
      expect(back.status.conditions?.every((condition) => condition.status === 'True')).toBe(true);
    },
  );

  test('how many are silent is a number like others: it waits for its turn', () => {
    const mass = (silent: number): EvidenceSummary => ({
      ...WELL,
      heartbeats: { reason: 'MassSilence', silent, expected: 300 },
    });
    const { status } = decided(mass(61));
    expect(decided(mass(90), status).status).toEqual(status);
  });
});
