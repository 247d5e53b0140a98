import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  desiredOf,
  doubtful,
  launchOf,
  stamp,
  statusOf,
  waiting,
} from '../../../../../test/support/workspace/facts.ts';
import type { WorkspaceStatus } from '../../../../api/kinds/workspace.ts';
import { ledgerBetween } from './ledger.ts';

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

function entriesOf(statuses: readonly WorkspaceStatus[]): string[] {
  return statuses
    .slice(1)
    .flatMap((status, index) => ledgerBetween(statuses[index], status))
    .map((entry) => `${entry.kind} ${'number' in entry ? entry.number : entry.generation}`);
}

test('each instance has one line when it begins and one when it is gone', () => {
  expect(entriesOf(LIFE)).toEqual(['started 1', 'stopped 1', 'started 2', 'stopped 2']);
  expect(ledgerBetween(LIFE[6], LIFE[7])).toEqual([
    { kind: 'started', number: 2, generation: 1, cause: 'Created', ref: '1', instanceID: 'i-2' },
  ]);
  expect(ledgerBetween(LIFE[8], LIFE[9])).toEqual([
    expect.objectContaining({ kind: 'stopped', number: 2, outcome: 'Deleted', instanceID: 'i-2' }),
  ]);
});

test('the lines are the same, even if statuses in between go unseen', () => {
  fc.assert(
    fc.property(fc.subarray(LIFE.slice(1, -1)), (seen) => {
      const lines = entriesOf([LIFE[0], ...seen, LIFE.at(-1)] as WorkspaceStatus[]);
      expect(lines.sort()).toEqual(['started 1', 'started 2', 'stopped 1', 'stopped 2']);
    }),
  );
});

test('what does not change is not recorded again, nor is what is seen first', () => {
  for (const status of LIFE) {
    expect(ledgerBetween(status, structuredClone(status))).toEqual([]);
    expect(ledgerBetween(undefined, status)).toEqual([]);
    expect(ledgerBetween(status, undefined)).toEqual([]);
  }
});

describe('is not recorded', () => {
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

  test('what a backup of the status shows as gone', () => {
    const [now, backup] = [
      statusOf({ launch: launchOf({ number: 9 }), terminating: [{ number: 8, instanceID: 'i-8' }] }),
      statusOf({ launch: launchOf({ number: 3 }), history: [past(2)] }),
    ];
    expect(ledgerBetween(now, backup)).toEqual([]);
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

test('a superseded instance that left the history before it was gone still has its line', () => {
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

describe('a deferral has one line for each generation', () => {
  /** As this release writes it; an earlier one writes the condition alone. */
  const deferred = (generation: number, until: string | undefined): WorkspaceStatus => {
    const common = { lastTransitionTime: stamp(0), type: 'UpToDate', status: 'False' as const };
    return statusOf({
      desired: desiredOf(generation, 'b'),
      deferred: until === undefined ? undefined : { generation, until },
      conditions: [{ ...common, reason: 'Deferred', message: 'in any words' }],
    });
  };

  test('with the time until which it waits', () => {
    expect(ledgerBetween(statusOf(), deferred(2, stamp(60)))).toEqual([
      { kind: 'deferred', generation: 2, cause: 'SecretChanged', until: stamp(60) },
    ]);
    expect(ledgerBetween(deferred(2, stamp(60)), deferred(2, stamp(90)))).toEqual([]);
    expect(entriesOf([statusOf(), deferred(2, stamp(60)), deferred(3, stamp(60))])).toEqual([
      'deferred 2',
      'deferred 3',
    ]);
  });

  test('across an upgrade, a downgrade, and another upgrade', () => {
    const [older, newer] = [(it: number) => deferred(it, undefined), (it: number) => deferred(it, stamp(60))];
    expect(entriesOf([statusOf(), older(2), newer(2), newer(3), older(3), older(4), newer(4)])).toEqual([
      'deferred 2',
      'deferred 3',
      'deferred 4',
    ]);
    // An earlier release leaves a field that it does not know as it is.
    const left = { ...older(5), deferred: { generation: 3, until: stamp(60) } };
    expect(entriesOf([older(4), left, newer(5), statusOf()])).toEqual(['deferred 5']);
  });
});
