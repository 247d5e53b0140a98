import { expect, test } from 'vitest';
import { decideAt } from '../../../../test/support/workspace/decisions.ts';
import {
  doubtful,
  factsOf,
  HOUR,
  heartbeatOf,
  instanceOf,
  MINUTE,
  NOW,
  type Overrides,
  SECOND,
  silenceOf,
  stamp,
  statusOf,
  TIMING,
} from '../../../../test/support/workspace/facts.ts';
import type { SweepWish } from './facts/view.ts';

const since = NOW.mono - MINUTE;
const heard = { available: true, since: NOW.mono - 2 * HOUR };
const launches = [heartbeatOf(1, { fresh: false, lastHeartbeatAt: NOW.wall - 2 * MINUTE })];
const silent: Overrides = {
  heartbeats: { ...heard, launches },
  process: { silence: silenceOf(1, MINUTE), console: { 'i-1': '' } },
};

const EACH = 'each' as const;

test.each<[string, Overrides, SweepWish | undefined]>([
  ['at rest none is waited for', {}, undefined],
  [
    'a launch in doubt waits for each',
    { status: statusOf({ launch: doubtful(), instance: undefined }), instances: [] },
    EACH,
  ],
  ['a silence that leads to a replacement waits for each, until the end', silent, EACH],
  [
    'one that is no news yet waits for one begun since',
    { ...silent, process: { silence: silenceOf(1, SECOND), console: {} } },
    { from: NOW.mono - SECOND } as unknown as SweepWish,
  ],
  [
    'one of too many waits for one begun since, as their ends may be the cause',
    { ...silent, heartbeats: { ...heard, launches, massSilence: true } },
    { from: since } as unknown as SweepWish,
  ],
  [
    'a lost status waits for one begun T_late and T_vis after the loss was seen',
    { process: { suspectSince: since } },
    { from: since + TIMING.lateMs + TIMING.visibilityMs } as unknown as SweepWish,
  ],
  [
    'a deletion waits for each while an instance lives',
    { metadata: { deletionTimestamp: stamp(-SECOND) }, instances: [instanceOf(1, 'running')] },
    EACH,
  ],
])('%s', (_what, overrides, wish) => {
  expect(decideAt(factsOf(overrides)).sweep).toEqual(wish);
});
