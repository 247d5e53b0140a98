import { expect, test } from 'vitest';
import type { JsonObject } from '../values/kinds.ts';
import { compileCrd } from './compileCrd.ts';
import { crdWithSpec } from './testCrd.ts';

test('names that the definition leaves out are made from those it gives', () => {
  const [kind] = compileCrd(crdWithSpec({ type: 'object' }));
  expect(kind).toMatchObject({
    group: 'example.com',
    version: 'v1',
    plural: 'widgets',
    singular: 'widget',
    kind: 'Widget',
    listKind: 'WidgetList',
    shortNames: [],
    categories: [],
    namespaced: true,
    statusSubresource: false,
  });
  expect(kind?.columns.map(({ name, type }) => [name, type])).toEqual([['Age', 'date']]);
});

test('a version that isn’t served is compiled, so that its errors show, but not served', () => {
  const version = (name: string, served: boolean, storage: boolean, type: string): JsonObject => ({
    name,
    served,
    storage,
    schema: { openAPIV3Schema: { type } },
  });
  const crd = crdWithSpec({ type: 'object' });
  const spec = crd.spec as JsonObject;
  const withVersions = (...versions: JsonObject[]) => ({ ...crd, spec: { ...spec, versions } });
  const both = withVersions(version('v1', true, true, 'object'), version('v1beta1', false, false, 'object'));
  expect(compileCrd(both).map((kind) => kind.version)).toEqual(['v1']);
  const wrong = withVersions(version('v1', true, true, 'object'), version('v1beta1', false, false, 'string'));
  expect(() => compileCrd(wrong)).toThrow(
    'spec.versions[1].schema.openAPIV3Schema.type: Invalid value: "string"',
  );
  expect(() => compileCrd(withVersions(version('v1', true, false, 'object')))).toThrow('storage version');
});

test('the name must be that of the resource', () => {
  const crd = { ...crdWithSpec({ type: 'object' }), metadata: { name: 'other' } };
  expect(() => compileCrd(crd)).toThrow('metadata.name: Invalid value: "other"');
});

const at = 'spec.versions[0].schema.openAPIV3Schema.properties[spec]';
const refused: [string, JsonObject, string][] = [
  ['a node without a type', { properties: {} }, `${at}.type: Required value`],
  ['a list without items', { type: 'array' }, `${at}.items: Required value`],
  ['an unknown keyword', { type: 'object', $ref: '#/x' }, '$ref'],
  [
    'properties beside additionalProperties',
    { type: 'object', properties: {}, additionalProperties: true },
    `${at}.additionalProperties: Forbidden`,
  ],
  ['look-ahead, which RE2 lacks', { type: 'string', pattern: '^(?!a)' }, `${at}.pattern: Invalid value`],
  [
    'a back-reference, which RE2 lacks',
    { type: 'string', pattern: '(a)\\1' },
    `${at}.pattern: Invalid value`,
  ],
  ['a pattern that is none', { type: 'string', pattern: '(' }, `${at}.pattern: Invalid value`],
  ['a default of the wrong type', { type: 'integer', default: 'x' }, `${at}.default: Invalid value`],
  ['a default out of bounds', { type: 'integer', default: 0, minimum: 1 }, `${at}.default: Invalid value: 0`],
  [
    'a default with an unknown field',
    { type: 'object', properties: {}, default: { a: 1 } },
    'unknown fields: a',
  ],
  [
    'a list of type map without keys',
    { type: 'array', 'x-kubernetes-list-type': 'map', items: { type: 'object' } },
    `${at}.x-kubernetes-list-map-keys: Required value`,
  ],
  [
    'a key that may be missing',
    {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['a'],
      items: { type: 'object', properties: { a: { type: 'string' } } },
    },
    `${at}.items.properties[a].default: Required value`,
  ],
];

test.each(refused)('%s is refused in one line that names the place', (_, spec, message) => {
  const compile = () => compileCrd(crdWithSpec(spec));
  expect(compile).toThrow(message);
  expect(compile).not.toThrow(/\n/);
});

test('a printer column whose JSONPath can’t be read is refused', () => {
  const column = { name: 'X', type: 'string', jsonPath: '.a[' };
  const crd = crdWithSpec({ type: 'object' }, {}, { additionalPrinterColumns: [column] });
  expect(() => compileCrd(crd)).toThrow(
    'spec.versions[0].additionalPrinterColumns[0].jsonPath: Invalid value: ".a["',
  );
});
