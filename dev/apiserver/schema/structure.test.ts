import { expect, test } from 'vitest';
import { errors, schemaOf, widget } from '../kinds/testCrd.ts';
import type { JsonObject, JsonValue } from '../values/kinds.ts';

/** A schema for spec.x, a value, and what the real server says of it. */
const cases: [string, JsonObject, JsonValue, string[]][] = [
  [
    'a wrong type',
    { type: 'integer' },
    'one',
    ['spec.x: Invalid value: "string": spec.x in body must be of type integer: "string"'],
  ],
  [
    'a fraction for an integer',
    { type: 'integer' },
    1.5,
    ['spec.x: Invalid value: "number": spec.x in body must be of type integer: "number"'],
  ],
  ['a whole number for a number', { type: 'number' }, 2, []],
  [
    'null in a list',
    { type: 'array', items: { type: 'string' } },
    [null],
    ['spec.x[0]: Invalid value: "null": spec.x[0] in body must be of type string: "null"'],
  ],
  ['null where it may be', { type: 'string', nullable: true, minLength: 1 }, null, []],
  ['a text for int-or-string', { 'x-kubernetes-int-or-string': true }, '10%', []],
  [
    'a flag for int-or-string',
    { 'x-kubernetes-int-or-string': true },
    true,
    ['spec.x: Invalid value: "boolean": spec.x in body must be of type integer,string: "boolean"'],
  ],
  [
    'an unsupported value',
    { type: 'string', enum: ['A', 'B'] },
    'C',
    ['spec.x: Unsupported value: "C": supported values: "A", "B"'],
  ],
  [
    'a text too long, in characters',
    { type: 'string', maxLength: 2 },
    '😀😀😀',
    ['spec.x: Too long: may not be more than 2 bytes'],
  ],
  ['a text as long as it may be', { type: 'string', maxLength: 2 }, '😀😀', []],
  [
    'a text too short',
    { type: 'string', minLength: 2 },
    'a',
    ['spec.x: Invalid value: "a": spec.x in body should be at least 2 chars long'],
  ],
  [
    'a text off its pattern',
    { type: 'string', pattern: '^[a-z]+$' },
    'A1',
    [`spec.x: Invalid value: "A1": spec.x in body should match '^[a-z]+$'`],
  ],
  [
    'a number too small',
    { type: 'integer', minimum: 1 },
    0,
    ['spec.x: Invalid value: 0: spec.x in body should be greater than or equal to 1'],
  ],
  [
    'a number too large',
    { type: 'integer', maximum: 5, exclusiveMaximum: true },
    5,
    ['spec.x: Invalid value: 5: spec.x in body should be less than 5'],
  ],
  [
    'no multiple',
    { type: 'integer', multipleOf: 5 },
    7,
    ['spec.x: Invalid value: 7: spec.x in body should be a multiple of 5'],
  ],
  [
    'a missing field',
    { type: 'object', required: ['a'], properties: { a: { type: 'string' } } },
    {},
    ['spec.x.a: Required value'],
  ],
  [
    'too many items',
    { type: 'array', maxItems: 1, items: { type: 'string' } },
    ['a', 'b'],
    ['spec.x: Too many: 2: must have at most 1 items'],
  ],
  [
    'too few items',
    { type: 'array', minItems: 1, items: { type: 'string' } },
    [],
    ['spec.x: Invalid value: 0: spec.x in body should have at least 1 items'],
  ],
  [
    'too many properties',
    { type: 'object', maxProperties: 1, additionalProperties: { type: 'string' } },
    { a: '', b: '' },
    ['spec.x: Too many: 2: must have at most 1 items'],
  ],
  [
    'a value of a map',
    { type: 'object', additionalProperties: { type: 'string', maxLength: 1 } },
    { k: 'ab' },
    ['spec.x.k: Too long: may not be more than 1 bytes'],
  ],
  [
    'a duplicate in a set',
    { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    ['a', 'b', 'a'],
    ['spec.x[2]: Duplicate value: "a"'],
  ],
  [
    'a value that is no date',
    { type: 'string', format: 'date-time' },
    'today',
    ['spec.x: Invalid value: "today": spec.x in body must be of type date-time: "today"'],
  ],
  ['a format that means nothing to the server', { type: 'string', format: 'cron' }, 'today', []],
  [
    'none of the alternatives',
    { type: 'string', anyOf: [{ pattern: '^a' }, { pattern: '^b' }] },
    'c',
    ['spec.x: Invalid value: "string": spec.x in body must validate at least one schema (anyOf)'],
  ],
  [
    'two alternatives of which one may hold',
    { type: 'string', oneOf: [{ pattern: 'a' }, { pattern: 'b' }] },
    'ab',
    [
      'spec.x: Invalid value: "string": spec.x in body must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ],
  ],
  [
    'what must not hold',
    { type: 'string', not: { enum: ['a'] } },
    'a',
    ['spec.x: Invalid value: "string": spec.x in body must not validate the schema (not)'],
  ],
];

test.each(cases)('the server says what is wrong with %s', (_, x, value, expected) => {
  const schema = schemaOf({ type: 'object', properties: { x } });
  expect(errors(schema, widget({ x: value }))).toEqual(expected);
});

const formats: [string, string[], string[]][] = [
  [
    'date-time',
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.123456+02:00'],
    ['2026-01-02', '2026-13-02T03:04:05Z'],
  ],
  ['duration', ['1h30m', '-1.5s', '2d'], ['1', 'h', '']],
  ['byte', ['YQ==', ''], ['a', 'YQ=']],
  ['uuid', ['a987fbc9-4bed-3078-cf07-9141ba07c9f3'], ['a987fbc9']],
  ['ipv4', ['10.0.0.1'], ['10.0.0', '::1']],
  ['ipv6', ['::1'], ['10.0.0.1']],
  ['cidr', ['10.0.0.0/8', '::/0'], ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/8/9']],
  ['hostname', ['a.b-c', 'x'], ['-a', 'a..b', '']],
  ['email', ['a@b.c'], ['a', 'a b@c']],
  ['uri', ['https://a.b/c'], ['/c']],
];

test.each(formats)('format %s tells good from bad', (format, good, bad) => {
  const schema = schemaOf({ type: 'object', properties: { x: { type: 'string', format } } });
  for (const x of good) expect(errors(schema, widget({ x })), x).toEqual([]);
  for (const x of bad) expect(errors(schema, widget({ x })), x).toHaveLength(1);
});

const env: JsonObject = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name', 'port'],
  items: {
    type: 'object',
    required: ['name'],
    properties: {
      name: { type: 'string' },
      port: { type: 'integer', default: 80 },
      value: { type: 'string', maxLength: 2 },
    },
  },
};

test('an item of a list of type map is known by its keys, defaults included', () => {
  const schema = schemaOf({ type: 'object', properties: { env } });
  const { object } = schema.admit(
    widget({ env: [{ name: 'a' }, { name: 'a', port: 81 }, { name: 'a', port: 80 }] }),
  );
  expect(errors(schema, object)).toEqual(['spec.env[2]: Duplicate value: {"name":"a","port":80}']);
});

test('what was there before a rule was tightened may stay, and only that', () => {
  const schema = schemaOf({ type: 'object', properties: { env, x: { type: 'string', maxLength: 1 } } });
  const item = { name: 'a', port: 1, value: 'long' };
  const old = widget({ env: [item], x: 'long' });
  expect(errors(schema, widget({ env: [{ name: 'b', port: 2 }, item], x: 'long' }), old)).toEqual([]);
  expect(errors(schema, widget({ env: [{ ...item, port: 2 }], x: 'longer' }), old)).toEqual([
    'spec.env[0].value: Too long: may not be more than 2 bytes',
    'spec.x: Too long: may not be more than 1 bytes',
  ]);
});
