import fc from 'fast-check';
import { expect, test } from 'vitest';
import { schemaOf, widget } from '../kinds/testCrd.ts';
import type { JsonObject } from '../values/kinds.ts';

const text: JsonObject = { type: 'string' };

test('an unknown field is dropped and its path returned, at any depth', () => {
  const schema = schemaOf({
    type: 'object',
    properties: {
      env: { type: 'array', items: { type: 'object', properties: { name: text } } },
      tags: { type: 'object', additionalProperties: { type: 'object', properties: { a: text } } },
    },
  });
  const { object, unknown } = schema.admit(
    widget(
      { env: [{ name: 'a' }, { name: 'b', vlaue: 1 }], tags: { t: { a: '1', b: '2' } }, x: { y: 1 } },
      { extra: 1 },
    ),
  );
  expect(object).toEqual(widget({ env: [{ name: 'a' }, { name: 'b' }], tags: { t: { a: '1' } } }));
  expect(unknown).toEqual(['spec.env[1].vlaue', 'spec.tags.t.b', 'spec.x', 'extra']);
});

test('the envelope is no business of the schema', () => {
  const object = { ...widget({}), metadata: { name: 'w', labels: { a: 'b' }, managedFields: [] } };
  expect(schemaOf({ type: 'object' }).admit(object)).toEqual({ object, unknown: [] });
});

test('x-kubernetes-preserve-unknown-fields keeps what is unknown, but not within what is known', () => {
  const schema = schemaOf({
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
    properties: { known: { type: 'object', properties: { a: text } } },
  });
  const { object, unknown } = schema.admit(widget({ free: { x: [1] }, known: { a: '1', b: '2' } }));
  expect(object.spec).toEqual({ free: { x: [1] }, known: { a: '1' } });
  expect(unknown).toEqual(['spec.known.b']);
});

test('an embedded resource keeps its envelope', () => {
  const template: JsonObject = {
    type: 'object',
    'x-kubernetes-embedded-resource': true,
    properties: { spec: { type: 'object', properties: { a: text } } },
  };
  const value = { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'x' }, spec: { a: '1' } };
  const { object, unknown } = schemaOf({ type: 'object', properties: { template } }).admit(
    widget({ template: value }),
  );
  expect(object.spec).toEqual({ template: value });
  expect(unknown).toEqual([]);
});

test('defaults fill objects, lists and maps, and a default’s own fields get theirs', () => {
  const item: JsonObject = {
    type: 'object',
    properties: { name: text, mode: { type: 'string', default: 'rw' } },
  };
  const schema = schemaOf({
    type: 'object',
    default: {},
    properties: {
      list: { type: 'array', items: item },
      map: { type: 'object', additionalProperties: item },
      limits: {
        type: 'object',
        default: {},
        properties: { cpu: { type: 'integer', default: 2 }, memory: { type: 'integer' } },
      },
    },
  });
  const { spec: _, ...bare } = widget({});
  expect(schema.admit(bare).object.spec).toEqual({ limits: { cpu: 2 } });
  expect(
    schema.admit(widget({ list: [{ name: 'a' }], map: { k: { mode: 'ro' }, l: {} } })).object.spec,
  ).toEqual({
    list: [{ name: 'a', mode: 'rw' }],
    map: { k: { mode: 'ro' }, l: { mode: 'rw' } },
    limits: { cpu: 2 },
  });
});

test('a status default comes back although a write sets status to null', () => {
  const status = {
    type: 'object',
    default: { observedGeneration: -1 },
    properties: { observedGeneration: { type: 'integer' } },
  };
  const schema = schemaOf({ type: 'object' }, { properties: { spec: { type: 'object' }, status } });
  expect(schema.admit(widget({}, { status: null })).object.status).toEqual({ observedGeneration: -1 });
  expect(schema.admit(widget({})).object.status).toEqual({ observedGeneration: -1 });
  expect(schema.admit(widget({}, { status: {} })).object.status).toEqual({});
});

test('null stays where it may be, gives way to a default, and otherwise is dropped', () => {
  const schema = schemaOf({
    type: 'object',
    properties: {
      may: { type: 'string', nullable: true, default: 'd' },
      gives: { type: 'string', default: 'd' },
      dropped: text,
    },
  });
  expect(schema.admit(widget({ may: null, gives: null, dropped: null })).object.spec).toEqual({
    may: null,
    gives: 'd',
  });
});

test('what is admitted is a new object, and a default is never shared', () => {
  const schema = schemaOf({
    type: 'object',
    properties: { a: { type: 'array', default: ['x'], items: text }, b: { type: 'array', items: text } },
  });
  const given = Object.freeze(widget(Object.freeze({ b: ['y'] })));
  const first = schema.admit(given).object.spec as { a: string[]; b: string[] };
  first.a.push('changed');
  first.b.push('changed');
  expect(schema.admit(given).object.spec).toEqual({ a: ['x'], b: ['y'] });
});

test('admitting twice changes nothing more', () => {
  const schema = schemaOf({
    type: 'object',
    default: { a: 'd' },
    properties: {
      a: { type: 'string', default: 'x', nullable: true },
      b: {
        type: 'array',
        items: { type: 'object', nullable: true, properties: { a: { type: 'integer', default: 1 } } },
      },
      c: { type: 'object', additionalProperties: { type: 'string', default: 'y' } },
    },
  });
  const key = fc.constantFrom('a', 'b', 'c', 'd', '__proto__');
  const { value } = fc.letrec<{ value: JsonObject | null | number | string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constant(null),
      fc.integer(),
      fc.string(),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    ) as fc.Arbitrary<JsonObject | null | number | string>,
  }));
  fc.assert(
    fc.property(value, (spec) => {
      const once = schema.admit(widget(spec)).object;
      const twice = schema.admit(once);
      expect(twice).toEqual({ object: once, unknown: [] });
    }),
    { numRuns: 500 },
  );
});
