import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../test/support/base/seededRandom.ts';
import { keptCharacters, MOST_CHARACTERS, openText, sealText } from './contentSeal.ts';
import { createKeyRing, type KeyEntry } from './keys.ts';

const random = seededRandom(3);
const made = (number: number): KeyEntry => ({
  kind: 'digest',
  number,
  id: `k${number}x0123abcd`,
  key: random.bytes(32),
});
const [first, second] = [made(1), made(2)];
const ringOf = (...entries: KeyEntry[]) => createKeyRing(entries, 'the test', ['digest']);
const NAME = `${first.id}:${'5'.repeat(64)}`;

describe('what is sealed', () => {
  test('opens in its place, and in no other', () => {
    const sealed = sealText(ringOf(first), ['Workspace', 'mine', 'env'], NAME);
    expect(openText(ringOf(first), ['Workspace', 'mine', 'env'], sealed)).toBe(NAME);
    for (const place of [
      ['Workspace', 'theirs', 'env'],
      ['Workspace', 'mine', 'other'],
      ['Workspace', 'mineenv'],
    ])
      expect(openText(ringOf(first), place, sealed)).toBeUndefined();
  });

  test('fits the status, and has nothing in common in two places', () => {
    const all = ['mine', 'theirs'].map((namespace) => sealText(ringOf(first), [namespace], NAME).slice(3));
    for (const sealed of all) expect(sealed.length).toBeLessThanOrEqual(157);
    const windows = ([...text]: string) => new Set(text.map((_, at) => text.slice(at, at + 6).join('')));
    const [some, others] = all.map(windows);
    expect([...(some ?? [])].filter((it) => it.length === 6 && others?.has(it))).toEqual([]);
  });

  test('is the same each time, under a newer key too, and opens still', () => {
    const sealed = sealText(ringOf(first), ['mine'], NAME);
    expect(sealText(ringOf(first, second), ['mine'], NAME)).toBe(sealed);
    expect(openText(ringOf(first, second), ['mine'], sealed)).toBe(NAME);
    expect(openText(ringOf(second), ['mine'], sealed)).toBeUndefined();
  });

  test('does not open with a byte changed, cut off or made up', () => {
    const sealed = sealText(ringOf(first), ['mine'], NAME);
    for (let at = 3; at < sealed.length - 1; at += 7) {
      const other = sealed[at] === 'A' ? 'B' : 'A';
      const altered = `${sealed.slice(0, at)}${other}${sealed.slice(at + 1)}`;
      expect(openText(ringOf(first), ['mine'], altered)).toBeUndefined();
    }
    for (const text of ['', 'c1.', 'c1.AAAA', sealed.slice(0, 30), NAME, '*', 'class:1234'])
      expect(openText(ringOf(first), ['mine'], text)).toBeUndefined();
  });
});

test('what is kept of questions and answers has a bound in characters, however long they are', () => {
  const third = made(3);
  const ring = ringOf(third);
  for (let count = 0; count < 3_000; count += 1) {
    const place = ['Workspace', 'mine', String(count)];
    openText(ring, place, `c1.${'A'.repeat(997)}`);
    if (count % 100 === 0) sealText(ring, place, 'x'.repeat(50_000));
  }
  expect(keptCharacters(third.key)).toBeLessThanOrEqual(2 * MOST_CHARACTERS);
  expect(keptCharacters(third.key)).toBeGreaterThan(MOST_CHARACTERS / 2);
});
