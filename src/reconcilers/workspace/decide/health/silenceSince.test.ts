import { describe, expect, test } from 'vitest';
import { written } from '../../../../../test/support/workspace/decisions.ts';
import {
  factsOf,
  HOUR,
  heartbeatOf,
  launchOf,
  MINUTE,
  NOW,
  SECOND,
  silenceOf,
  stamp,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';
import { plus } from '../../../../controller/lib/time.ts';
import { trackSilence } from './silence.ts';

const row = heartbeatOf(1, { fresh: false, lastHeartbeatAt: NOW.wall - 90 * SECOND });
const launch = launchOf({ submittedAt: stamp(-HOUR), readyAt: stamp(-HOUR + MINUTE) });
const served = () => written(factsOf({ status: statusOf({ launch }) })).status;

describe('since when it is silent', () => {
  const heartbeats = { ...factsOf().heartbeats, launches: [row] };
  const { lastHeartbeatAt: heardAt } = row;
  const began = { ...silenceOf(1, MINUTE), heardAt };

  test('counts from when this process learnt it, and goes on', () => {
    expect(trackSilence(undefined, served(), heartbeats, NOW)).toEqual({ ...silenceOf(1, 0), heardAt });
    expect(trackSilence(began, served(), heartbeats, NOW)).toEqual(began);
  });

  test('is nothing for a launch that is heard, or never was', () => {
    const heard = { ...heartbeats, launches: [heartbeatOf(1)] };
    expect(trackSilence(began, served(), heard, NOW)).toBeUndefined();
    const unheard = statusOf({ launch: launchOf({ readyAt: undefined }) });
    expect(trackSilence(undefined, unheard, heartbeats, NOW)).toBeUndefined();
  });

  test('does not go on from an earlier term: this process did not look between two terms', () => {
    const { since: termAt } = silenceOf(1, SECOND);
    const again = trackSilence(began, served(), heartbeats, NOW, termAt);
    expect(again).toEqual({ ...silenceOf(1, 0), heardAt });
    expect(trackSilence(again, served(), heartbeats, NOW, termAt)).toEqual(again);
  });

  test('does not go on when the row moved: it was heard in between', () => {
    const moved = {
      ...heartbeats,
      launches: [{ ...row, lastHeartbeatAt: plus(row.lastHeartbeatAt ?? NOW.wall, 1) }],
    };
    expect(trackSilence(began, served(), moved, NOW)).toMatchObject(silenceOf(1, 0));
  });

  test('begins again with another launch, and after every break of the evidence', () => {
    const second = statusOf({ launch: launchOf({ number: 2 }) });
    expect(trackSilence(began, second, heartbeats, NOW)).toMatchObject(silenceOf(2, 0));
    expect(trackSilence(began, served(), { ...heartbeats, available: false }, NOW)).toBeUndefined();
    const { since } = silenceOf(1, SECOND);
    expect(trackSilence(began, served(), { ...heartbeats, since }, NOW)).toMatchObject(silenceOf(1, 0));
  });
});
