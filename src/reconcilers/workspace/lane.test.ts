import { describe, expect, test } from 'vitest';
import {
  booting,
  factsOf,
  launchOf,
  type Overrides,
  stamp,
  statusOf,
  waiting,
} from '../../../test/support/workspace/facts.ts';
import { laneOf } from './lane.ts';

const STOPPED = { id: 'i-1', state: 'stopped' };
const STOPPING = { id: 'i-1', state: 'stopping' };

describe('the lane of a Workspace', () => {
  test.each<[string, Overrides, string]>([
    ['serves and is current', {}, 'routine'],
    ['was just created', { status: undefined }, 'urgent'],
    ['was edited', { metadata: { generation: 2 } }, 'urgent'],
    ['is to be restarted', { spec: { requests: { restart: 'now' } } }, 'urgent'],
    [
      'was restarted as it was asked to',
      { spec: { requests: { restart: 'now' } }, status: statusOf({ handled: { restart: 'now' } }) },
      'routine',
    ],
    ['is to stop', { spec: { operatingMode: 'Stopped' } }, 'urgent'],
    [
      'is stopping',
      {
        spec: { operatingMode: 'Stopped' },
        status: statusOf({ launch: launchOf({ phase: 'Stopped' }), instance: STOPPING }),
      },
      'active',
    ],
    [
      'rests',
      {
        spec: { operatingMode: 'Stopped' },
        status: statusOf({ launch: launchOf({ phase: 'Stopped' }), instance: STOPPED }),
      },
      'routine',
    ],
    [
      'is to run again',
      { status: statusOf({ launch: launchOf({ phase: 'Stopped' }), instance: STOPPED }) },
      'urgent',
    ],
    ['is being replaced', { status: statusOf({ launch: waiting(2) }) }, 'active'],
    ['boots', { status: statusOf({ launch: booting() }) }, 'active'],
    [
      'ended, and waits for its repair',
      { status: statusOf({ launch: booting({ ended: { outcome: 'TimedOut', at: stamp(0) } }) }) },
      'routine',
    ],
    ['waits for an end', { status: statusOf({ terminating: [{ number: 1, instanceID: 'i-0' }] }) }, 'active'],
    ['is being deleted', { metadata: { deletionTimestamp: stamp(0) } }, 'active'],
  ])('that %s', (_what, overrides, lane) => {
    expect(laneOf(factsOf(overrides).workspace)).toBe(lane);
  });

  test('that is gone is routine: there is something to forget', () => {
    expect(laneOf(undefined)).toBe('routine');
  });
});
