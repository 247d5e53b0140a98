import { beforeEach, expect, test } from 'vitest';
import { createVirtualClock, type VirtualClock } from '../../../test/support/base/virtualClock.ts';
import { createQueueTrust, type QueueTrust } from './trust.ts';

const MINUTE = 60_000;
const ID = 'i-1';
let clock: VirtualClock;
let trust: QueueTrust;
let distrust: string[];

beforeEach(() => {
  clock = createVirtualClock();
  distrust = [];
  trust = createQueueTrust({ clock, onDistrust: (why, id = '') => distrust.push(`${why} ${id}`.trim()) });
  trust.reached(true);
});

function agree(id = ID): void {
  trust.reported(id, 'running', 'pending');
  trust.found(id, 'pending', 'running');
}

test('a queue that is only reached is not trusted; an event and EC2 must agree, in either order', () => {
  expect(trust.isTrusted()).toBe(false);
  trust.reported(ID, 'running', 'pending');
  expect(trust.isTrusted()).toBe(false);
  trust.found(ID, 'pending', 'running');
  expect(trust.isTrusted()).toBe(true);
  trust.reset();
  trust.reached(true);
  trust.found(ID, 'pending', 'running');
  expect(trust.isTrusted()).toBe(false);
  trust.reported(ID, 'running', 'running');
  expect(trust.isTrusted()).toBe(true);
});

test('events of what EC2 has shown already are no proof', () => {
  trust.reported(ID, 'running', 'running');
  trust.reported(ID, 'shutting-down', 'terminated');
  expect(trust.isTrusted()).toBe(false);
});

test('forged events that EC2 does not confirm are no proof', () => {
  for (const state of ['stopped', 'terminated', 'stopping'] as const) trust.reported(ID, state, 'running');
  expect(trust.isTrusted()).toBe(false);
});

test('a change that no event reports within 30 s ends the trust for ten minutes, and until events and EC2 agree again', async () => {
  agree();
  trust.found(ID, 'running', 'terminated');
  await clock.advance(29_999);
  expect(trust.isTrusted()).toBe(true);
  await clock.advance(1);
  expect(trust.isTrusted()).toBe(false);
  expect(distrust).toEqual([`missed ${ID}`]);
  await clock.advance(9 * MINUTE);
  agree('i-2');
  expect(trust.isTrusted()).toBe(false);
  await clock.advance(MINUTE);
  expect(trust.isTrusted()).toBe(true);
});

test('without an agreement after it the distrust does not end', async () => {
  agree();
  trust.found(ID, 'running', 'terminated');
  await clock.advance(60 * MINUTE);
  expect(trust.isTrusted()).toBe(false);
});

test('a late event within the time is as good', async () => {
  agree();
  trust.found(ID, 'running', 'shutting-down');
  await clock.advance(20_000);
  trust.reported(ID, 'shutting-down', 'shutting-down');
  trust.found(ID, 'shutting-down', 'terminated');
  await clock.advance(MINUTE);
  expect(distrust).toEqual([]);
});

test('one event of the two reports an end, and one a stop', async () => {
  agree();
  trust.found(ID, 'running', 'shutting-down');
  trust.reported(ID, 'terminated', 'shutting-down');
  trust.found(ID, 'shutting-down', 'terminated');
  agree('i-2');
  trust.reported('i-2', 'stopping', 'running');
  trust.found('i-2', 'running', 'stopped');
  await clock.advance(MINUTE);
  expect(distrust).toEqual([]);
});

test('a second stop needs an event of its own', async () => {
  agree();
  trust.reported(ID, 'stopping', 'running');
  trust.found(ID, 'running', 'stopped');
  trust.found(ID, 'stopped', 'running');
  trust.reported(ID, 'running', 'running');
  trust.found(ID, 'running', 'stopped');
  await clock.advance(MINUTE);
  expect(distrust).toEqual([`missed ${ID}`]);
});

test('a miss of many is reported for each, and a change that an event reported is no miss', async () => {
  for (let nth = 0; nth < 5; nth += 1) {
    trust.found(`i-${nth}`, 'running', 'terminated');
    await clock.advance(1_000);
  }
  trust.reported('i-3', 'terminated', 'terminated');
  await clock.advance(MINUTE);
  expect(distrust).toEqual(['missed i-0', 'missed i-1', 'missed i-2', 'missed i-4']);
});

test('a queue that can’t be reached is not trusted while that lasts; that is reported once', () => {
  agree();
  trust.reached(false);
  trust.reached(false);
  expect(trust.isTrusted()).toBe(false);
  trust.reached(true);
  expect(trust.isTrusted()).toBe(true);
  expect(distrust).toEqual(['unreachable']);
});

test('a message that can’t be read ends the trust', () => {
  agree();
  trust.unreadable();
  expect(trust.isTrusted()).toBe(false);
  expect(distrust).toEqual(['unreadable']);
});

test('an agreement speaks for a day', async () => {
  agree();
  await clock.advance(24 * 60 * MINUTE);
  expect(trust.isTrusted()).toBe(true);
  await clock.advance(1);
  expect(trust.isTrusted()).toBe(false);
});

test('another term begins without trust, and without debts of the one before', async () => {
  agree();
  trust.found(ID, 'running', 'terminated');
  trust.reset();
  expect(trust.isTrusted()).toBe(false);
  await clock.advance(MINUTE);
  expect(distrust).toEqual([]);
  expect(clock.pending()).toBe(0);
});
