import { expect, test } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { GatewayError } from '../base/errors.ts';
import { createEnvironmentsInFlight } from './environmentsInFlight.ts';

function setUp(mostBytes: number, largestBytes = 10) {
  const clock = createVirtualClock();
  const inFlight = createEnvironmentsInFlight({ clock, mostBytes, largestBytes });
  const cut: string[] = [];
  return {
    clock,
    cut,
    begin: (uid: string, namespace: string) => inFlight.begin({ uid, number: 1 }, namespace),
    send(uid: string, namespace: string, bytes: number) {
      const passage = inFlight.begin({ uid, number: 1 }, namespace);
      passage.holds(bytes);
      passage.sending(() => void cut.push(uid));
      return passage;
    },
  };
}
const overloaded = new GatewayError('overloaded');

test('a small environment gives back what it does not need once it is read', () => {
  const { begin, send } = setUp(20);
  for (let i = 0; i < 10; i += 1) send(`u${i}`, 'team', 1);
  begin('one-more', 'team');
  expect(() => begin('too-many', 'team')).toThrow(overloaded);
});

test('the namespace with the most gives way, its oldest answer first, and only as far as need be', () => {
  const { send, cut } = setUp(40);
  for (let i = 0; i < 4; i += 1) send(`u${i}`, 'large', 10);
  send('v0', 'small', 10);
  expect(cut).toEqual(['u0']);
  send('v1', 'small', 10);
  expect(cut).toEqual(['u0', 'u1']);
  expect(() => send('v2', 'small', 10)).toThrow(overloaded);
});

test('many namespaces that each hoard a little hold up another one for seconds only', async () => {
  const { clock, send, cut } = setUp(40);
  for (let i = 0; i < 4; i += 1) send(`u${i}`, `team-${i}`, 10);
  expect(() => send('v0', 'other', 1)).toThrow(overloaded);
  await clock.advance(5_001);
  send('v0', 'other', 1);
  expect(cut).toEqual(['u0']);
});

test('what is still being read is not cut, and what has ended counts once', () => {
  const { begin, send, cut } = setUp(20);
  const reading = begin('u0', 'large');
  const ended = send('u1', 'large', 10);
  ended.end();
  ended.end();
  begin('u2', 'large');
  expect(() => begin('v0', 'small')).toThrow(overloaded);
  reading.end();
  begin('v0', 'small');
  expect(cut).toEqual([]);
});

test('a launch that asks again takes its own place', () => {
  const { begin, send, cut } = setUp(10);
  const first = send('u0', 'team', 10);
  send('u0', 'team', 10);
  expect(cut).toEqual(['u0']);
  // The end of the answer that was cut off is not that of its successor.
  first.end();
  expect(() => begin('u1', 'team')).toThrow(overloaded);
});
