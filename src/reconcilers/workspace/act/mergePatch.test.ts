import fc from 'fast-check';
import jsonPatch from 'fast-json-patch';
import { expect, test } from 'vitest';
import { diff } from './mergePatch.ts';

/** RFC 7386, section 2, as its pseudocode has it. */
function apply(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const isObject = typeof target === 'object' && target !== null && !Array.isArray(target);
  const result: Record<string, unknown> = isObject ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = apply(result[key], value);
  }
  return result;
}

const { tree: json } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.integer(),
    fc.boolean(),
    fc.constantFrom('', 'x', 'y'),
    tie('list'),
    tie('object'),
  ),
  list: fc.array(tie('tree'), { maxLength: 3 }),
  object: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('tree'), { noNullPrototype: true }),
}));
const object = fc.dictionary(fc.constantFrom('a', 'b', 'c'), json, { noNullPrototype: true });

/** The same value with the keys of every object the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, it]) => [key, reversed(it)]),
  );
}

test('applied to what it was made from, a patch gives what it was made for', () => {
  fc.assert(
    fc.property(object, object, (from, to) => {
      const patch = diff(from, to);
      expect(patch === undefined ? from : apply(from, patch)).toEqual(to);
    }),
    { numRuns: 1000 },
  );
});

test('there is none between equal values, in any order of keys that a server returns', () => {
  fc.assert(
    fc.property(object, (value) => {
      expect(diff(value, reversed(value))).toBeUndefined();
    }),
    { numRuns: 1000 },
  );
  expect(
    diff({ a: [{ x: 1, y: [{ p: 1, q: 2 }] }] }, { a: [{ y: [{ q: 2, p: 1 }], x: 1 }] }),
  ).toBeUndefined();
});

test('there is one between values that differ', () => {
  fc.assert(
    fc.property(object, object, (from, to) => {
      fc.pre(jsonPatch.compare(from, to).length > 0);
      expect(diff(from, to)).toBeDefined();
    }),
  );
});

test('what is undefined is as absent: removed where it was, and never sent', () => {
  expect(diff({ a: 1, b: 2 }, { a: undefined, b: 2 })).toEqual({ a: null });
  expect(diff({ b: 2 }, { a: undefined, b: 2 })).toBeUndefined();
  expect(diff({}, { a: { b: undefined, c: 1 } })).toEqual({ a: { c: 1 } });
});

test('a list is replaced whole', () => {
  expect(diff({ a: [{ x: 1 }, { y: 1 }] }, { a: [{ x: 1 }] })).toEqual({ a: [{ x: 1 }] });
});
