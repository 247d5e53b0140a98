import { expect, test } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { createAnswerCache, TooManyQuestions } from './answerCache.ts';

function createFixture(over: { maxEntries?: number; maxAsking?: number } = {}) {
  const clock = createVirtualClock();
  const cache = createAnswerCache<string>({
    clock,
    freshMs: 10,
    staleMs: 100,
    maxEntries: 2,
    maxAsking: 8,
    ...over,
  });
  const asked: string[] = [];
  let away = false;
  const get = (key: string) =>
    cache.get(key, async () => {
      asked.push(key);
      if (away) throw new Error('away');
      return `${key}${asked.length}`;
    });
  const setAway = (value: boolean): void => {
    away = value;
  };
  return { clock, cache, asked, get, setAway };
}

test('an answer is good for its time, and all who want it meanwhile ask once', async () => {
  const { clock, asked, get } = createFixture();
  expect(await Promise.all([get('a'), get('a'), get('a')])).toEqual(['a1', 'a1', 'a1']);
  await clock.advance(9);
  expect(await get('a')).toBe('a1');
  await clock.advance(1);
  expect(await get('a')).toBe('a2');
  expect(asked).toEqual(['a', 'a']);
});

test('takes an old answer while the source does not answer, but none that is too old', async () => {
  const { clock, get, setAway } = createFixture();
  await get('a');
  setAway(true);
  await expect(get('b')).rejects.toThrow('away');
  await clock.advance(99);
  expect(await get('a')).toBe('a1');
  await clock.advance(1);
  await expect(get('a')).rejects.toThrow('away');
  setAway(false);
  expect(await get('a')).toMatch(/^a/);
});

test('all who ask at once get the old answer while the source does not answer', async () => {
  const { clock, get, setAway } = createFixture();
  await get('a');
  await clock.advance(50);
  setAway(true);
  expect(await Promise.all([get('a'), get('a')])).toEqual(['a1', 'a1']);
});

test('what was longest not asked for is forgotten first', async () => {
  const { asked, get } = createFixture();
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await get(key);
  expect(asked).toEqual(['a', 'b', 'c', 'b']);
});

test('refusals displace no other answer, and a question has one answer at a time', async () => {
  let allowed = true;
  const clock = createVirtualClock();
  const cache = createAnswerCache<boolean>({
    clock,
    freshMs: 10,
    staleMs: 100,
    maxEntries: 2,
    maxAsking: 8,
    isRefusal: (answer) => !answer,
  });
  expect(await cache.get('a', async () => allowed)).toBe(true);
  for (const key of ['b', 'c', 'd']) await cache.get(key, async () => false);
  expect(['a', 'b', 'c', 'd'].map((key) => cache.peek(key))).toEqual([true, undefined, false, false]);
  allowed = false;
  await clock.advance(10);
  expect(await cache.get('a', async () => allowed)).toBe(false);
  expect(cache.peek('a')).toBe(false);
});

test('more questions at once than may be are refused, and asked when there is room', async () => {
  const { cache, get } = createFixture({ maxAsking: 1 });
  let answer: (text: string) => void = () => undefined;
  const slow = cache.get(
    'slow',
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  await expect(get('a')).rejects.toThrow(TooManyQuestions);
  answer('done');
  expect(await slow).toBe('done');
  expect(await get('a')).toBe('a1');
});
