import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isObject } from '../values/json.ts';
import type { FieldSchema, JsonObject, JsonValue } from '../values/kinds.ts';
import { applyConfiguration } from './applied.ts';
import { customFields } from './fieldSchema.ts';
import { noFields } from './fieldSet.ts';
import type { Managed } from './managed.ts';
import { mergeConfigured } from './merge.ts';

const schema = customFields({
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        size: { type: 'integer' },
        words: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
        parts: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: {
            type: 'object',
            properties: { name: { type: 'string' }, weight: { type: 'integer' } },
          },
        },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
      },
    },
  },
});

const small = fc.integer({ min: 0, max: 2 });
const spec = fc.record(
  {
    size: small,
    words: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }),
    parts: fc.uniqueArray(fc.record({ name: fc.constantFrom('x', 'y', 'z'), weight: small }), {
      selector: ({ name }) => name,
      minLength: 1,
    }),
    labels: fc.dictionary(fc.constantFrom('l', 'm'), fc.constantFrom('1', '2'), { minKeys: 1 }),
  },
  { requiredKeys: [] },
);
const envelope = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'a' } };

interface State {
  object: JsonObject;
  managed: Managed;
}

function apply({ object, managed }: State, manager: string, config: JsonValue): State & { taken: number } {
  const applied = applyConfiguration({
    live: object,
    config: { ...envelope, spec: config },
    managed,
    manager: { manager, operation: 'Apply', apiVersion: envelope.apiVersion, subresource: '' },
    viewOf: () => ({ schema, view: (each) => each }),
    ignored: noFields,
    now: '2026-01-01T00:00:00Z',
  });
  if (applied === undefined) throw new Error('there is one version');
  return { object: applied.object, managed: applied.managed, taken: applied.taken.length };
}

const empty: State = { object: envelope, managed: new Map() };

/** Lists of parts and words in one order, and what is empty as absent. */
function canonical(value: JsonValue | undefined): JsonValue {
  if (Array.isArray(value)) {
    return value.map(canonical).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (!isObject(value)) return value ?? null;
  const kept = Object.entries(value)
    .map(([key, each]) => [key, canonical(each)] as const)
    .filter(([, each]) => each !== null && !(typeof each === 'object' && Object.keys(each).length === 0));
  return Object.fromEntries(kept.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

test('one applier alone gets exactly what it applied last', () => {
  fc.assert(
    fc.property(spec, spec, (first, last) => {
      const { object, taken } = apply(apply(empty, 'one', first), 'one', last);
      expect([canonical(object), taken]).toEqual([canonical({ ...envelope, spec: last }), 0]);
    }),
  );
});

test('applied again, nothing changes', () => {
  fc.assert(
    fc.property(spec, spec, (mine, theirs) => {
      const both = apply(apply(empty, 'one', mine), 'two', theirs);
      const once = apply(both, 'two', theirs);
      expect(once.object).toBe(both.object);
      expect([...once.managed]).toEqual([...both.managed]);
    }),
  );
});

test('one who lets go of everything leaves what the other applied', () => {
  fc.assert(
    fc.property(spec, spec, (mine, theirs) => {
      const both = apply(apply(empty, 'one', mine), 'two', theirs);
      fc.pre(both.taken === 0);
      const left = apply(both, 'one', {});
      expect(canonical(left.object)).toEqual(canonical({ ...envelope, spec: theirs }));
    }),
  );
});

const words: FieldSchema = { is: 'set' };

test.each([
  ['ab', 'c', 'abc'],
  ['ab', 'ba', 'ba'],
  ['abc', 'cxa', 'bcxa'],
  ['axb', 'ab', 'axb'],
  ['xab', 'yb', 'xayb'],
  ['', 'ab', 'ab'],
])('%s with %s laid over it is %s', (live, config, merged) => {
  expect(mergeConfigured(words, [...live], [...config])).toEqual([...merged]);
});
