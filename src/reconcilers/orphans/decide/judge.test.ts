import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Loose, monoMs, plain, wallMs } from '../../../../test/support/base/moments.ts';
import { clientToken } from '../../../api/launch/token.ts';
import {
  judgeOrphans as judge,
  type OrphanDecision,
  type OrphanFacts,
  type OrphanNow,
  type TaggedInstance,
} from './judge.ts';

const MINUTE = 60_000;
const NOW = { wall: wallMs(Date.parse('2026-01-01T12:00:00Z')), mono: monoMs(100 * MINUTE) };
const CLUSTER = 'cluster-1';

const judgeOrphans = judge as (facts: Loose<OrphanFacts>, now: Loose<OrphanNow>) => OrphanDecision;

/** Of a Workspace that is gone for an hour; launched before that. */
function orphan(more: Loose<Partial<TaggedInstance>> = {}): Loose<TaggedInstance> {
  const { uid = 'gone', number = 1 } = more;
  return {
    id: 'i-1',
    clientToken: clientToken(CLUSTER, uid, number),
    launchedAt: NOW.wall - 120 * MINUTE,
    clusterID: CLUSTER,
    uid,
    number,
    heartbeats: false,
    unownedSince: NOW.mono - 60 * MINUTE,
    ...more,
  };
}

function factsOf(more: Loose<Partial<OrphanFacts>> = {}): Loose<OrphanFacts> {
  return {
    clusterID: CLUSTER,
    termAt: NOW.mono - 90 * MINUTE,
    sweep: { begunAt: NOW.mono - 3_000, endedAt: NOW.mono - 2_000 },
    listedAt: NOW.mono - 1_000,
    instances: [orphan()],
    owners: new Set(['other']),
    evidenceSince: NOW.mono - 60 * MINUTE,
    policy: 'Terminate',
    graceMs: 10 * MINUTE,
    mostPerRound: 5,
    ...more,
  };
}

test('an instance without an owner for the grace, old and silent, is ended', () => {
  expect(judgeOrphans(factsOf(), NOW)).toEqual({ orphans: [{ id: 'i-1', verdict: 'Due' }], end: ['i-1'] });
});

describe('is no orphan', () => {
  test.each<[string, Loose<Partial<OrphanFacts>>]>([
    ['one whose Workspace is listed', { owners: new Set(['gone', 'other']) }],
    ['one of another cluster', { instances: [orphan({ clusterID: 'cluster-2' })] }],
    ['one without our cluster’s tag', { instances: [orphan({ clusterID: undefined })] }],
  ])('%s', (_what, more) => {
    expect(judgeOrphans(factsOf(more), NOW)).toEqual({ orphans: [], end: [] });
  });
});

describe('is reported and not ended', () => {
  test.each<[string, Loose<Partial<TaggedInstance>>, string]>([
    ['one that heartbeats', { heartbeats: true }, 'Heartbeating'],
    ['one that is news', { unownedSince: undefined }, 'Young'],
    ['one alone for less than the grace', { unownedSince: NOW.mono - 10 * MINUTE + 1 }, 'Young'],
    ['one launched within the grace', { launchedAt: NOW.wall - 10 * MINUTE + 1 }, 'Young'],
    ['one whose tags name no launch', { number: undefined }, 'Foreign'],
    ['one whose tags name no Workspace', { uid: undefined }, 'Foreign'],
    ['a copy: its token is not its launch’s', { clientToken: 'copied' }, 'Foreign'],
    ['one without a token', { clientToken: undefined }, 'Foreign'],
  ])('%s', (_what, more, verdict) => {
    const decision = judgeOrphans(factsOf({ instances: [{ ...orphan(), ...more }] }), NOW);
    expect(decision).toEqual({ orphans: [{ id: 'i-1', verdict }], end: [] });
  });
});

describe('a round ends nothing', () => {
  test.each<[string, Loose<Partial<OrphanFacts>>, string]>([
    ['by default: it reports', { policy: 'Report' }, 'Reporting'],
    ['when the list came back empty', { owners: new Set() }, 'ListEmpty'],
    ['while heartbeats can not be judged', { evidenceSince: undefined }, 'NoEvidence'],
    [
      'before heartbeats could be judged for the grace',
      { evidenceSince: NOW.mono - 10 * MINUTE + 1 },
      'NoEvidence',
    ],
  ])('%s', (_when, more, hold) => {
    const { orphans, ...rest } = judgeOrphans(factsOf(more), NOW);
    expect(orphans).toEqual([{ id: 'i-1', verdict: 'Due' }]);
    expect(rest).toEqual({ end: [], hold });
  });

  test.each<[string, Loose<Partial<OrphanFacts>>]>([
    ['nor says anything before a whole sweep of this term', { termAt: NOW.mono - 2_500 }],
    ['nor of a list that is older than the sweep', { listedAt: NOW.mono - 2_001 }],
  ])('%s', (_when, more) => {
    expect(judgeOrphans(factsOf(more), NOW)).toEqual({ orphans: [], end: [], hold: 'NotLookedYet' });
  });
});

test('a round ends a limited number; those asked to end longest ago, or never, come first', () => {
  const instances = [
    orphan({ id: 'i-refused', endSentAt: NOW.mono - MINUTE }),
    orphan({ id: 'i-refused-before', endSentAt: NOW.mono - 2 * MINUTE }),
    orphan({ id: 'i-younger', launchedAt: NOW.wall - 60 * MINUTE }),
    orphan({ id: 'i-older' }),
  ];
  const ended = (mostPerRound: number) => judgeOrphans(factsOf({ instances, mostPerRound }), NOW).end;
  expect(ended(3)).toEqual(['i-older', 'i-younger', 'i-refused-before']);
  expect(ended(5)).toHaveLength(4);
});

const around = (base: number, spread: number) => fc.integer({ min: base - spread, max: base });
const before = (...ago: number[]) => fc.constantFrom(...ago.map((ms) => NOW.mono - ms));
const instances = fc.uniqueArray(
  fc.record({
    id: fc.integer({ min: 1, max: 99 }).map((n) => `i-${n}`),
    clusterID: fc.constantFrom(CLUSTER, CLUSTER, CLUSTER, 'cluster-2', undefined),
    uid: fc.constantFrom('gone', 'moved', 'other', undefined),
    number: fc.constantFrom(1, 2, 3, undefined),
    honest: fc.constantFrom(true, true, true, false),
    heartbeats: fc.constantFrom(true, false, false),
    launchedAt: fc.option(around(NOW.wall, 60 * MINUTE), { nil: undefined }),
    unownedSince: fc.option(around(NOW.mono, 60 * MINUTE), { nil: undefined }),
    endSentAt: fc.option(around(NOW.mono, 5 * MINUTE), { nil: undefined }),
  }),
  { maxLength: 12, selector: ({ id }) => id },
);
const arbitraryFacts = fc
  .record({
    instances,
    owners: fc.subarray(['gone', 'moved', 'other', 'more']),
    termAt: before(90 * MINUTE, 60_000, 4_000),
    begunAt: before(5_000, 3_000),
    tookMs: fc.integer({ min: 0, max: 1_500 }),
    listedAt: before(4_000, 2_000, 1_000),
    evidenceSince: fc.option(before(30 * MINUTE, 10 * MINUTE, MINUTE), { nil: undefined }),
    policy: fc.constantFrom('Report' as const, 'Terminate' as const),
    mostPerRound: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ instances: drawn, owners, begunAt, tookMs, ...rest }) =>
    factsOf({
      ...rest,
      owners: new Set(owners),
      sweep: { begunAt, endedAt: begunAt + tookMs },
      instances: drawn.map(({ honest, ...one }) => ({
        ...one,
        clientToken: honest ? clientToken(CLUSTER, one.uid ?? '', one.number ?? 0) : 'x',
      })),
    }),
  );

test('for any facts only instances without an owner that are ours, old and silent are ended, and never too many at once', () => {
  let ended = 0;
  fc.assert(
    fc.property(arbitraryFacts, (facts) => {
      const given = structuredClone(facts);
      const { end, orphans } = judgeOrphans(facts, NOW);
      expect(facts).toEqual(given);
      expect(end.length).toBeLessThanOrEqual(facts.mostPerRound);
      ended += end.length;
      for (const id of end) {
        const named = facts.instances.find((one) => one.id === id);
        expect(named).toMatchObject({ clusterID: CLUSTER, heartbeats: false, uid: expect.any(String) });
        expect(facts.owners.has(named?.uid ?? '')).toBe(false);
        expect(named?.unownedSince).toBeLessThanOrEqual(NOW.mono - facts.graceMs);
        expect(orphans).toContainEqual({ id, verdict: 'Due' });
      }
      if (end.length === 0) return;
      expect(facts.policy).toBe('Terminate');
      expect(facts.owners.size).toBeGreaterThan(0);
      expect(facts.evidenceSince).toBeLessThanOrEqual(NOW.mono - facts.graceMs);
      const { listedAt, sweep, termAt } = plain(facts);
      expect(sweep.begunAt).toBeGreaterThanOrEqual(termAt);
      expect(listedAt).toBeGreaterThanOrEqual(sweep.endedAt);
    }),
    { numRuns: 2_000 },
  );
  expect(ended).toBeGreaterThan(5);
});
