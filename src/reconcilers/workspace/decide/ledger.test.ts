import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { doubtful, launchOf, stamp, statusOf, waiting } from '../../../../test/support/facts.ts';
import type { WorkspaceStatus } from '../../../api/workspace.ts';
import { deferralMessage, deferralOf, ledgerBetween } from './ledger.ts';

type Past = NonNullable<WorkspaceStatus['history']>[number];

function past(number: number, more: Partial<Past> = {}): Past {
  const cause = { kind: 'SecretChanged' as const, ref: String(number) };
  const id = `i-${number}`;
  return {
    number,
    generation: number,
    cause,
    outcome: 'Superseded',
    instanceID: id,
    endedAt: stamp(0),
    ...more,
  };
}

/** A life of two launches, status by status. */
const FIRST = doubtful();
const LIFE: WorkspaceStatus[] = [
  statusOf({ launch: { number: 0, generation: 0, phase: 'Closed', failures: 0 }, provisions: 0 }),
  statusOf({ launch: { ...FIRST, phase: 'Waiting', params: undefined } }),
  statusOf({ launch: FIRST }),
  statusOf({ launch: { ...FIRST, instanceID: 'i-1' } }),
  statusOf({ launch: launchOf() }),
  statusOf({ launch: waiting(2), terminating: [{ number: 1, instanceID: 'i-1' }], history: [past(1)] }),
  statusOf({ launch: doubtful({ number: 2 }), history: [past(1)] }),
  statusOf({ launch: launchOf({ number: 2 }), history: [past(1)] }),
  statusOf({
    launch: launchOf({ number: 2, ended: { outcome: 'Deleted', at: stamp(0) } }),
    terminating: [{ number: 2, instanceID: 'i-2' }],
    history: [past(2, { outcome: 'Deleted' }), past(1)],
  }),
  statusOf({
    launch: launchOf({ number: 2, ended: { outcome: 'Deleted', at: stamp(0) } }),
    history: [past(2, { outcome: 'Deleted' }), past(1)],
  }),
];

function told(statuses: readonly WorkspaceStatus[]): string[] {
  return statuses
    .slice(1)
    .flatMap((status, index) => ledgerBetween(statuses[index], status))
    .map((entry) => `${entry.kind} ${'number' in entry ? entry.number : entry.generation}`);
}

test('each instance is told once when it begins and once when it is gone', () => {
  expect(told(LIFE)).toEqual(['started 1', 'stopped 1', 'started 2', 'stopped 2']);
  expect(ledgerBetween(LIFE[6], LIFE[7])).toEqual([
    { kind: 'started', number: 2, generation: 1, cause: 'Created', ref: '1', instanceID: 'i-2' },
  ]);
  expect(ledgerBetween(LIFE[8], LIFE[9])).toEqual([
    expect.objectContaining({ kind: 'stopped', number: 2, outcome: 'Deleted', instanceID: 'i-2' }),
  ]);
});

test('whatever statuses go unseen in between, the same is told', () => {
  fc.assert(
    fc.property(fc.subarray(LIFE.slice(1, -1)), (seen) => {
      const lines = told([LIFE[0], ...seen, LIFE.at(-1)] as WorkspaceStatus[]);
      expect(lines.sort()).toEqual(['started 1', 'started 2', 'stopped 1', 'stopped 2']);
    }),
  );
});

test('what does not change is not told again, nor is what is seen first', () => {
  for (const status of LIFE) {
    expect(ledgerBetween(status, structuredClone(status))).toEqual([]);
    expect(ledgerBetween(undefined, status)).toEqual([]);
    expect(ledgerBetween(status, undefined)).toEqual([]);
  }
});

describe('is not told', () => {
  test('an instance that was found again after the status was wiped or rolled back', () => {
    const adopted = launchOf({ number: 5, params: undefined, openedAt: undefined });
    expect(ledgerBetween(statusOf({ launch: waiting(2) }), statusOf({ launch: adopted }))).toEqual([]);
    const superseded = statusOf({
      launch: waiting(6),
      history: [past(5)],
      terminating: [{ number: 5, instanceID: 'i-5' }],
    });
    expect(ledgerBetween(statusOf({ launch: adopted }), superseded)).toEqual([]);
  });

  test('what another object’s status names', () => {
    const [before, after] = [statusOf({ launch: FIRST, uid: 'uid-1' }), statusOf({ uid: 'uid-0' })];
    expect(ledgerBetween(before, after)).toEqual([]);
    expect(ledgerBetween(after, before)).toEqual([]);
  });

  test('a launch that never had an instance', () => {
    const refused = past(2, { outcome: 'Refused', instanceID: undefined });
    expect(
      ledgerBetween(
        statusOf({ launch: doubtful({ number: 2 }) }),
        statusOf({ launch: waiting(3), history: [refused] }),
      ),
    ).toEqual([]);
  });
});

test('a superseded instance that left the history before it was gone is told all the same', () => {
  const status = statusOf({
    launch: launchOf({ number: 9 }),
    terminating: [{ number: 2, instanceID: 'i-2' }],
  });
  expect(ledgerBetween(status, { ...status, terminating: undefined })).toEqual([
    {
      kind: 'stopped',
      number: 2,
      generation: 0,
      cause: 'Created',
      ref: '',
      instanceID: 'i-2',
      outcome: 'Superseded',
    },
  ]);
});

test('a deferral is told once a generation, and read as it was written', () => {
  const shown = (generation: number, until: string): WorkspaceStatus => {
    const of = {
      cause: 'SecretChanged' as const,
      generation,
      until,
      names: ': ada-env/KEY (x)',
      why: 'launch 1 is too young',
    };
    const common = { lastTransitionTime: stamp(0), type: 'UpToDate', status: 'False' as const };
    const condition = { ...common, reason: 'Deferred', message: deferralMessage(of) };
    const { desired } = statusOf();
    return statusOf({
      desired: desired && { ...desired, generation, cause: 'SecretChanged' },
      conditions: [condition],
    });
  };
  expect(deferralOf(shown(2, stamp(60)))).toEqual({ generation: 2, until: stamp(60) });
  expect(ledgerBetween(statusOf(), shown(2, stamp(60)))).toEqual([
    { kind: 'deferred', generation: 2, cause: 'SecretChanged', until: stamp(60) },
  ]);
  expect(ledgerBetween(shown(2, stamp(60)), shown(2, stamp(90)))).toEqual([]);
  expect(told([statusOf(), shown(2, stamp(60)), shown(3, stamp(60))])).toEqual(['deferred 2', 'deferred 3']);
});
