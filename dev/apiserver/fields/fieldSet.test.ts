import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonValue } from '../values/kinds.ts';
import {
  difference,
  fromFieldsV1,
  intersection,
  noFields,
  outside,
  pathsOf,
  setOf,
  showPath,
  toFieldsV1,
  union,
} from './fieldSet.ts';

const step = fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}', 'v:"x"');
const set = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 8 }).map(setOf);
const shown = (of: ReturnType<typeof setOf>) => pathsOf(of).map(showPath);

test('a set is what its FieldsV1 says', () => {
  fc.assert(
    fc.property(set, (a) => {
      expect(shown(fromFieldsV1(toFieldsV1(a)))).toEqual(shown(a));
    }),
  );
});

test('what is taken from a set and what is common to both make it up again', () => {
  fc.assert(
    fc.property(set, set, (a, b) => {
      expect(shown(union(difference(a, b), intersection(a, b)))).toEqual(shown(a));
      expect(intersection(difference(a, b), b)).toEqual(noFields);
      expect(shown(union(a, b))).toEqual(shown(union(b, a)));
    }),
  );
});

test('outside a path is nothing below it', () => {
  const all = setOf([['f:a'], ['f:a', 'f:b'], ['f:b']]);
  expect(shown(outside(all, setOf([['f:a']])))).toEqual(['.b']);
  expect(shown(difference(all, setOf([['f:a']])))).toEqual(['.b', '.a.b']);
});

test.each<[JsonValue]>([[{ 'f:a': 1 }], [{ a: {} }], [null]])('%j is no set of fields', (fields) => {
  expect(() => fromFieldsV1(fields)).toThrow();
});
