import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../test/support/base/seededRandom.ts';
import { isNamespaceKey } from './keyForm.ts';
import { createKeyRing, type KeyEntry, newKeyID } from './keys.ts';
import { digestKey, namespaceKey, sortsBelow } from './namespaceKeys.ts';

const random = seededRandom(7);

function made(number: number, id = newKeyID(number, random)): KeyEntry {
  return { kind: 'digest', number, id, key: random.bytes(32) };
}

const ringOf = (...entries: KeyEntry[]) => createKeyRing(entries, 'the test', ['digest']);
const stored = (key: { id: string; key: Buffer }): KeyEntry => ({ kind: 'digest', number: 1, ...key });
const namespaces = Array.from({ length: 300 }, (_, index) => `team-${index}`);

describe('the key of a namespace', () => {
  test('is its own, and the same in every process', () => {
    const parent = made(1);
    const keys = namespaces.map((namespace) => namespaceKey(ringOf(parent), namespace));
    expect(new Set(keys.map(({ id }) => id)).size).toBe(300);
    expect(new Set(keys.map(({ key }) => key.toString('hex'))).size).toBe(300);
    for (const [index, namespace] of namespaces.entries()) {
      const again = namespaceKey(ringOf({ ...parent }), namespace);
      expect(again).toEqual(keys[index]);
      expect(digestKey(ringOf(parent), namespace, again.id)).toEqual(again.key);
      expect(isNamespaceKey(again)).toBe(true);
    }
    expect(isNamespaceKey(parent)).toBe(false);
  });

  test('opens nothing for another namespace, though it stands in the Secret', () => {
    const parent = made(1);
    const own = namespaceKey(ringOf(parent), 'mine');
    expect(digestKey(ringOf(parent, stored(own)), 'mine', own.id)).toEqual(own.key);
    expect(digestKey(ringOf(parent, stored(own)), 'theirs', own.id)).toBeUndefined();
  });

  test('goes on being understood under a newer key, and is none under that', () => {
    const [parent, next] = [made(1), made(2)];
    const before = namespaceKey(ringOf(parent), 'mine');
    const after = namespaceKey(ringOf(parent, next), 'mine');
    expect(after.id).not.toBe(before.id);
    expect(digestKey(ringOf(parent, next), 'mine', before.id)).toEqual(before.key);
    expect(digestKey(ringOf(parent, next), 'mine', parent.id)).toEqual(parent.key);
  });

  test('has no id that stands for another key already', () => {
    const parent = made(1);
    const wanted = namespaceKey(ringOf(parent), 'mine');
    const ring = ringOf(parent, stored({ id: wanted.id, key: namespaceKey(ringOf(parent), 'theirs').key }));
    const own = namespaceKey(ring, 'mine');
    expect(own.id).not.toBe(wanted.id);
    expect(digestKey(ring, 'mine', own.id)).toEqual(own.key);
  });

  // An earlier release takes the highest number for current, and of one number the last id.
  test.each([
    [1, undefined],
    [2, undefined],
    [2, 'k2'],
    [1, 'k1xffffffff'],
    [1, 'k1x00100000'],
  ])('under a parent of number %d (%s) an earlier release goes on with the parent', (number, id) => {
    const parent = made(number, id);
    const ring = ringOf(parent);
    if (!sortsBelow(parent)) return expect(parent.id < 'k1x00100000').toBe(true);
    for (const namespace of namespaces) {
      const own = namespaceKey(ring, namespace);
      expect(own.id).toMatch(/^k1x[0-9a-f]{8}$/);
      expect(number > 1 || own.id < parent.id).toBe(true);
    }
  });

  test('is never current, nor one that all share', () => {
    const parent = made(1, 'k1x80000000');
    const others = namespaces.map((namespace) => stored(namespaceKey(ringOf(parent), namespace)));
    const ring = ringOf(...others, parent);
    expect(ring.current('digest').id).toBe(parent.id);
    expect(ring.all('digest').map(({ id }) => id)).toEqual([parent.id]);
  });

  test('of a parent that leaves no room below it is not for an earlier release', () => {
    expect(sortsBelow(made(1, 'k1x000fffff'))).toBe(false);
    expect(sortsBelow(made(1, 'k1'))).toBe(false);
  });
});
