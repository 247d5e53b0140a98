import { expect, test } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { cutOffUnread } from './unreadAnswers.ts';

const ANSWER_MS = 60_000;

function scene() {
  const clock = createVirtualClock();
  const unread = cutOffUnread(clock, ANSWER_MS);
  const cut: { name: string; at: number }[] = [];
  const begin = (name: string) => {
    const request = { socket: { destroy: () => void cut.push({ name, at: clock.monotonic() }) } };
    unread.begin(request, clock.monotonic());
    return () => unread.end(request);
  };
  return { clock, cut, begin };
}

test('each that does not read its answer is cut off at its own time, in any order', async () => {
  const { clock, cut, begin } = scene();
  const readFirst = begin('read');
  await clock.advance(10_000);
  begin('early');
  await clock.advance(20_000);
  begin('late');
  begin('as late');
  readFirst();
  await clock.advance(300_000);
  expect(cut).toEqual([
    { name: 'early', at: 70_000 },
    { name: 'late', at: 90_000 },
    { name: 'as late', at: 90_000 },
  ]);
});

test('no timer is left when all have read theirs, and one begins again with the next', async () => {
  const { clock, cut, begin } = scene();
  const [first, second] = [begin('first'), begin('second')];
  expect(clock.pending()).toBe(1);
  second();
  first();
  expect(clock.pending()).toBe(0);
  begin('third');
  await clock.advance(ANSWER_MS);
  expect(cut).toEqual([{ name: 'third', at: ANSWER_MS }]);
  expect(clock.pending()).toBe(0);
});

test('each request of a connection has its own time, also where others keep the timer of the first', async () => {
  const clock = createVirtualClock();
  const unread = cutOffUnread(clock, ANSWER_MS);
  const cutAt: number[] = [];
  const [connection, another] = [0, 1].map(() => ({
    socket: { destroy: () => void cutAt.push(clock.monotonic()) },
  })) as [Parameters<typeof unread.begin>[0], Parameters<typeof unread.begin>[0]];
  unread.begin(connection, clock.monotonic());
  unread.begin(another, clock.monotonic());
  unread.end(connection);
  await clock.advance(ANSWER_MS - 1);
  unread.begin(connection, clock.monotonic());
  unread.end(another);
  await clock.advance(ANSWER_MS - 1);
  expect(cutAt).toEqual([]);
  await clock.advance(1);
  expect(cutAt).toEqual([2 * ANSWER_MS - 1]);
  expect(clock.pending()).toBe(0);
});
