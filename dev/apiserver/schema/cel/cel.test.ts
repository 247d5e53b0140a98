import { describe, expect, test } from 'vitest';
import { compileCrd } from '../../kinds/compileCrd.ts';
import { crdWithSpec, errors, schemaOf, widget } from '../../kinds/testCrd.ts';
import type { JsonObject, JsonValue } from '../../values/kinds.ts';
import { escapeName } from './celTypes.ts';

const properties: JsonObject = {
  count: { type: 'integer' },
  ratio: { type: 'number' },
  name: { type: 'string' },
  flag: { type: 'boolean' },
  port: { 'x-kubernetes-int-or-string': true },
  maybe: { type: 'string', nullable: true },
  at: { type: 'string', format: 'date-time' },
  wait: { type: 'string', format: 'duration' },
  data: { type: 'string', format: 'byte' },
  list: { type: 'array', items: { type: 'string' } },
  tags: { type: 'object', additionalProperties: { type: 'integer' } },
  items: {
    type: 'array',
    items: { type: 'object', properties: { key: { type: 'string' }, size: { type: 'integer' } } },
  },
  'dash-ed': { type: 'integer' },
  namespace: { type: 'string' },
  a__b: { type: 'integer' },
};

function withRule(rule: JsonObject): JsonObject {
  return { type: 'object', properties, 'x-kubernetes-validations': [rule] };
}

const evaluated: [string, JsonValue, boolean][] = [
  ['self.count + 1 == 3', { count: 2 }, true],
  ['self.count / 2 == 1', { count: 3 }, true],
  ['self.ratio > 1.5', { ratio: 2 }, true],
  ['self.ratio > 1.5', { ratio: 1 }, false],
  ['has(self.name)', {}, false],
  ['has(self.name)', { name: '' }, true],
  ['has(self.maybe)', { maybe: null }, false],
  ['!self.flag', { flag: false }, true],
  ['self.port == 80', { port: 80 }, true],
  ['type(self.port) == string ? self.port.endsWith("%") : self.port < 100', { port: '10%' }, true],
  ['self.at > timestamp("2026-01-01T00:00:00Z")', { at: '2026-06-01T00:00:00Z' }, true],
  ['self.wait <= duration("1h")', { wait: '90m' }, false],
  ['size(self.data) == 1', { data: 'YQ==' }, true],
  ['self.list.exists_one(x, x == "a")', { list: ['a', 'b', 'a'] }, false],
  ['"a" in self.list', { list: ['b', 'a'] }, true],
  ['self.list == ["a"]', { list: ['a'] }, true],
  ['self.tags.all(k, self.tags[k] > 0)', { tags: { a: 1, b: 0 } }, false],
  ['"a" in self.tags && self.tags["a"] == 1', { tags: { a: 1 } }, true],
  ['self.items.map(i, i.size).exists(n, n == 3)', { items: [{ size: 1 }, { size: 3 }] }, true],
  ['self.items.filter(i, has(i.key)).size() == 1', { items: [{ size: 1 }, { key: 'k' }] }, true],
  [
    'self.items[0] == self.items[1]',
    {
      items: [
        { size: 1, key: 'a' },
        { key: 'a', size: 1 },
      ],
    },
    true,
  ],
  ['self.name.matches("^[a-z]+$")', { name: 'ab1' }, false],
  ['self.dash__dash__ed == 1', { 'dash-ed': 1 }, true],
  ['self.__namespace__ == "n"', { namespace: 'n' }, true],
  ['self.a__underscores__b == 1', { a__b: 1 }, true],
];

test.each(evaluated)('%s on %j is %j', (rule, spec, holds) => {
  const schema = schemaOf(withRule({ rule }));
  expect(errors(schema, widget(spec))).toEqual(
    holds ? [] : [`spec: Invalid value: "object": failed rule: ${rule}`],
  );
});

const refused: [string, string][] = [
  ['self.nope == 1', 'No such key: nope'],
  ['self.count == "1"', 'no such overload: int == string'],
  ['self.count', 'must evaluate to a bool'],
  ['self.count ==', 'Unexpected token'],
  ['self.dash-ed == 1', 'No such key: dash'],
  ['other == 1', 'other'],
];

test.each(refused)('%s is refused with the definition, naming the rule', (rule, why) => {
  const compile = () => compileCrd(crdWithSpec(withRule({ rule })));
  expect(compile).toThrow(
    `spec.versions[0].schema.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule: Invalid value: ${JSON.stringify(rule)}: compilation failed: `,
  );
  expect(compile).toThrow(why);
  expect(compile).not.toThrow(/\n/);
});

test('an error in evaluation is the object’s error, not the server’s', () => {
  const schema = schemaOf(withRule({ rule: 'self.list[3] == "a"', message: 'the fourth is a' }));
  expect(errors(schema, widget({ list: ['a'] }))).toEqual([
    'spec: Invalid value: "object": No such key: index out of bounds, index 3 >= size 1 evaluating rule: the fourth is a',
  ]);
});

describe('the error of a failed rule', () => {
  const rule = { rule: 'self.count < 3' };
  const failureOf = (more: JsonObject) =>
    schemaOf(withRule({ ...rule, ...more })).validate(widget({ count: 7 }))[0];

  test('has the message, or what messageExpression evaluates to', () => {
    expect(failureOf({ message: ' at most two ' })?.message).toBe('Invalid value: "object": at most two');
    const messageExpression = '"at most two, not " + string(self.count)';
    expect(failureOf({ messageExpression })?.message).toBe('Invalid value: "object": at most two, not 7');
  });

  test('falls back to the message when messageExpression cannot be evaluated', () => {
    const failing = { messageExpression: 'self.list[0]', message: 'at most two' };
    expect(failureOf(failing)?.message).toBe('Invalid value: "object": at most two');
  });

  test('stands at fieldPath, with its reason', () => {
    expect(failureOf({ fieldPath: '.count', reason: 'FieldValueForbidden', message: 'no' })).toEqual({
      field: 'spec.count',
      reason: 'FieldValueForbidden',
      message: 'Forbidden: no',
    });
    expect(failureOf({ fieldPath: ".tags['x/y']", reason: 'FieldValueRequired', message: 'no' })).toEqual({
      field: 'spec.tags[x/y]',
      reason: 'FieldValueRequired',
      message: 'Required value: no',
    });
    expect(() => failureOf({ fieldPath: '.nope' })).toThrow('does not refer to a valid field');
    expect(() => failureOf({ fieldPath: 'count' })).toThrow('must be a valid path');
  });
});

test('objects are compared by what they hold, in lists and on their own', () => {
  const schema = schemaOf(
    withRule({ rule: 'self == oldSelf && self.items == oldSelf.items', message: 'immutable' }),
  );
  const old = widget({ items: [{ key: 'a', size: 1 }] });
  expect(errors(schema, widget({ items: [{ size: 1, key: 'a' }] }), old)).toEqual([]);
  expect(errors(schema, widget({ items: [{ size: 2, key: 'a' }] }), old)).toHaveLength(1);
});

test('rules stand at every level, each with its own path', () => {
  const item: JsonObject = {
    type: 'object',
    properties: { n: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self < 9', message: 'n' }] } },
    'x-kubernetes-validations': [{ rule: 'has(self.n)', message: 'item' }],
  };
  const schema = schemaOf(
    {
      type: 'object',
      properties: {
        list: { type: 'array', items: item },
        map: { type: 'object', additionalProperties: item },
      },
    },
    {
      'x-kubernetes-validations': [
        { rule: 'self.metadata.name != "w" && self.kind == "Widget"', message: 'root' },
      ],
    },
  );
  const spec: JsonObject = { list: [{ n: 1 }, {}, { n: 10 }], map: { ok: { n: 1 }, bad: {} } };
  expect(errors(schema, widget(spec))).toEqual([
    ': Invalid value: "object": root',
    'spec.list[1]: Invalid value: "object": item',
    'spec.list[2].n: Invalid value: "integer": n',
    'spec.map[bad]: Invalid value: "object": item',
  ]);
});

test('rules wait until the structure is right', () => {
  const schema = schemaOf(withRule({ rule: 'self.count > 0' }));
  expect(schema.validate(widget({ count: 'x' })).map((cause) => cause.field)).toEqual([
    'spec.count',
    '<nil>',
  ]);
});

describe('a transition rule', () => {
  const immutable = { rule: 'self == oldSelf', message: 'immutable' };
  const name: JsonObject = { type: 'string', 'x-kubernetes-validations': [immutable] };
  const item: JsonObject = { type: 'object', required: ['id'], properties: { id: { type: 'string' }, name } };
  const byID: JsonObject = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['id'] };

  test('holds between the old value and the new one, and says nothing of a new field', () => {
    const schema = schemaOf({ type: 'object', properties: { name } });
    expect(errors(schema, widget({ name: 'a' }))).toEqual([]);
    expect(errors(schema, widget({ name: 'a' }), widget({}))).toEqual([]);
    expect(errors(schema, widget({ name: 'a' }), widget({ name: 'a' }))).toEqual([]);
    expect(errors(schema, widget({ name: 'b' }), widget({ name: 'a' }))).toEqual([
      'spec.name: Invalid value: "string": immutable',
    ]);
  });

  test('finds an item’s old value by its keys, wherever it moved', () => {
    const schema = schemaOf({
      type: 'object',
      properties: { list: { type: 'array', ...byID, items: item } },
    });
    const old = widget({
      list: [
        { id: '1', name: 'a' },
        { id: '2', name: 'b' },
      ],
    });
    expect(
      errors(
        schema,
        widget({
          list: [
            { id: '2', name: 'b' },
            { id: '3', name: 'c' },
          ],
        }),
        old,
      ),
    ).toEqual([]);
    expect(errors(schema, widget({ list: [{ id: '2', name: 'x' }] }), old)).toEqual([
      'spec.list[0].name: Invalid value: "string": immutable',
    ]);
  });

  test('is refused where no old value can be found', () => {
    const crd = crdWithSpec({ type: 'object', properties: { list: { type: 'array', items: item } } });
    expect(() => compileCrd(crd)).toThrow(
      'oldSelf cannot be used on the uncorrelatable portion of the schema',
    );
  });
});

test('a rule that is new says nothing of what hasn’t changed', () => {
  const schema = schemaOf(withRule({ rule: 'self.count < 3', message: 'at most two' }));
  expect(errors(schema, widget({ count: 7 }, { status: {} }), widget({ count: 7 }))).toEqual([]);
  expect(errors(schema, widget({ count: 8 }), widget({ count: 7 }))).toHaveLength(1);
});

test.each([
  ['namespace', '__namespace__'],
  ['a.b-c/d', 'a__dot__b__dash__c__slash__d'],
  ['a__b', 'a__underscores__b'],
  ['9a', undefined],
  ['a b', undefined],
])('the property %s is %s to CEL', (name, expected) => {
  expect(escapeName(name)).toBe(expected);
});
