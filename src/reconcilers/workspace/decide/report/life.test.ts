import { expect, test } from 'vitest';
import {
  desiredOf,
  doubtful,
  launchOf,
  MINUTE,
  stamp,
  statusOf,
  waiting,
} from '../../../../../test/support/workspace/facts.ts';
import type { WorkspaceStatus } from '../../../../api/kinds/workspace.ts';
import { becameReady, countedBetween } from './life.ts';

const desired = (generation: number, more: Partial<NonNullable<WorkspaceStatus['desired']>> = {}) => ({
  ...desiredOf(generation, 'a'),
  ...more,
});
const serving = statusOf({ desired: desired(1) });

test('a generation counts once, as it opens, with the names of what changed; those that went unseen count too', () => {
  const first = statusOf({ desired: desired(1, { cause: 'Created' }) });
  expect(countedBetween(undefined, first)).toEqual([
    { cause: 'Created', generation: 1, times: 1, changed: [] },
  ]);
  const second = statusOf({ desired: desired(2, { cause: 'SecretChanged', changed: ['env/KEY'] }) });
  expect(countedBetween(serving, second)).toEqual([
    { cause: 'SecretChanged', generation: 2, times: 1, changed: ['env/KEY'] },
  ]);
  expect(countedBetween(second, { ...second, observedGeneration: 7 })).toEqual([]);
  expect(countedBetween(serving, statusOf({ desired: desired(4) }))).toMatchObject([{ times: 3 }]);
});

test('a restart and an end count as the launch for them opens', () => {
  const restart = statusOf({
    desired: desired(1),
    launch: waiting(2, { cause: { kind: 'Restart', ref: 'x' } }),
  });
  expect(countedBetween(serving, restart)).toEqual([
    { cause: 'Restart', times: 1, launch: { number: 2, ref: 'x' } },
  ]);
  expect(countedBetween(restart, restart)).toEqual([]);
});

test('what was found again after a loss counts nothing', () => {
  const wiped = { observedGeneration: -1, provisions: 0 };
  expect(countedBetween(serving, wiped)).toEqual([]);
  expect(countedBetween(wiped, statusOf({ desired: desired(4) }))).toEqual([]);
  expect(countedBetween({ ...serving, uid: 'another' }, { ...serving, uid: 'uid-1' })).toEqual([]);
});

test('a status that goes back to a backup counts nothing, and neither does the launch that is found again', () => {
  const restored = statusOf({ desired: desired(1), launch: launchOf({ number: 1 }) });
  const late = statusOf({ desired: desired(4), launch: launchOf({ number: 4, generation: 4 }) });
  expect(countedBetween(late, restored)).toEqual([]);
  const lost = { kind: 'Lost', ref: '1' } as const;
  const found = launchOf({ number: 4, generation: 4, cause: lost, params: undefined, readyAt: undefined });
  // Its generation is above all that may have been spent.
  const again = statusOf({ desired: desired(6), launch: found });
  expect(countedBetween(restored, again)).toEqual([]);
  const heard = statusOf({ desired: desired(6), launch: { ...found, readyAt: stamp(0) } });
  expect(countedBetween(again, heard)).toEqual([]);
  expect(becameReady(again, heard)).toBeUndefined();
  expect(countedBetween(heard, statusOf({ desired: desired(7), launch: found }))).toMatchObject([
    { generation: 7, times: 1 },
  ]);
});

test('the time to Ready is from when the change counted, or the end was seen', () => {
  const cause = { kind: 'SecretChanged', ref: '2' } as const;
  const ready = { number: 2, generation: 2, cause, openedAt: stamp(-8 * MINUTE), readyAt: stamp(0) };
  const before = statusOf({ launch: doubtful({ ...ready, readyAt: undefined }) });
  const counted = { desired: desired(2, { at: stamp(-9 * MINUTE) }) };
  const after = statusOf({ ...counted, launch: launchOf(ready) });
  expect(becameReady(before, after)).toEqual({ cause: 'SecretChanged', afterMs: 9 * MINUTE });
  expect(becameReady(after, { ...after, observedGeneration: 7 })).toBeUndefined();
  const later = { desired: desired(3, { at: stamp(-MINUTE) }) };
  expect(becameReady(before, { ...after, ...later })?.afterMs).toBe(8 * MINUTE);
  const end = { kind: 'Ended', ref: '1' } as const;
  const past = { number: 1, generation: 1, cause, outcome: 'Ended', endedAt: stamp(-20 * MINUTE) } as const;
  const repaired = statusOf({ launch: launchOf({ ...ready, cause: end }), history: [past] });
  expect(becameReady(before, repaired)).toEqual({ cause: 'Ended', afterMs: 20 * MINUTE });
  // A start of a stopped instance is no change.
  const started = statusOf({ launch: launchOf({ ...ready, after: { boot: 1 } }) });
  expect(becameReady(before, started)).toBeUndefined();
});
