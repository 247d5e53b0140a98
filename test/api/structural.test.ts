import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { listMap } from '../../src/api/base/meta.ts';
import { type SchemaProps, structuralSchema } from '../../src/api/base/structural.ts';
import { workspaceClassCrd, workspaceCrd } from '../../src/api/kinds/crd.ts';

const text = z.string().max(9).describe('A text.');
const object = (shape: z.ZodRawShape) => z.object(shape).describe('An object.');

describe('a structural schema', () => {
  it.each<[string, z.ZodType, string]>([
    [
      'a field without a description',
      object({ a: object({ b: z.boolean() }) }),
      'x.a.b: a description is missing',
    ],
    [
      'an entry without a description',
      object({
        a: z
          .array(z.object({ b: text }))
          .max(2)
          .describe('As.'),
      }),
      'x.a[]: a description',
    ],
    ['an unbounded string', object({ a: z.string().describe('A.') }), 'x.a: a maximum length is missing'],
    [
      'an unbounded list',
      object({ a: z.array(text).describe('As.') }),
      'x.a: a maximum number of items is missing',
    ],
    [
      'an unbounded map',
      object({ a: z.record(z.string(), text).describe('As.') }),
      'x.a: a maximum number of properties is missing',
    ],
    [
      'what a CRD cannot say',
      object({ a: z.union([z.string(), z.boolean()]).describe('A.') }),
      "a CRD can't say that",
    ],
  ])('refuses %s', (_, schema, message) => {
    expect(() => structuralSchema(schema, 'x')).toThrow(message);
  });

  it('requires what has neither a default nor is optional', () => {
    const schema = object({ a: text, b: text.optional(), c: text.default('c') });
    expect(structuralSchema(schema, 'x').required).toEqual(['a']);
  });

  it('holds its defaults whole, so that rules see the fields within', () => {
    const inner = z
      .object({ a: text.default('1') })
      .prefault({})
      .describe('Inner.');
    const outer = z.object({ inner }).prefault({}).describe('Outer.');
    expect(structuralSchema(object({ outer }), 'x').properties?.outer?.default).toEqual({
      inner: { a: '1' },
    });
  });

  it('fills nothing in within a list that server-side apply takes as one value', () => {
    const item = object({ name: text, kind: text.default('a') });
    const list = (meta: Record<string, unknown>) =>
      object({ list: z.array(item).max(2).meta(meta).describe('L.') });
    expect(() => structuralSchema(list({}), 'x')).toThrow(
      /x\.list\[\]\.kind has a default within an atomic list/,
    );
    expect(() => structuralSchema(list(listMap('name')), 'x')).not.toThrow();
  });

  it('names the width of integers, and only the bounds that were set', () => {
    const schema = object({
      small: z.int().min(0).max(9).describe('S.'),
      large: z.int().min(0).describe('L.'),
    });
    expect(structuralSchema(schema, 'x').properties).toEqual({
      small: { type: 'integer', description: 'S.', format: 'int32', minimum: 0, maximum: 9 },
      large: { type: 'integer', description: 'L.', format: 'int64', minimum: 0 },
    });
  });
});

describe.each([workspaceCrd(), workspaceClassCrd()])('$metadata.name', (crd) => {
  const [version] = crd.spec.versions;
  const nodes = [...walk(version.schema.openAPIV3Schema, '')];

  it('has rules whose messages name a field, so that a person knows where to look', () => {
    const names = new Set(nodes.map(([path]) => path.match(/(\w+)(\[\])?$/)?.[1]));
    for (const [, node] of nodes) {
      for (const { message } of node['x-kubernetes-validations'] ?? []) {
        expect(message.split(/\W+/).filter((word) => names.has(word))).not.toEqual([]);
      }
    }
  });

  it('has columns that point at fields of the schema', () => {
    const paths = new Set(nodes.map(([path]) => path));
    for (const { jsonPath } of version.additionalPrinterColumns) {
      if (jsonPath.startsWith('.metadata')) continue;
      expect(paths).toContain(jsonPath.replace(/\[[^\]]*\]/g, '[]'));
    }
  });

  it('reads as not yet seen until the operator has written a status', () => {
    expect(version.schema.openAPIV3Schema.properties?.status?.default).toEqual({ observedGeneration: -1 });
  });
});

function* walk(node: SchemaProps, path: string): Generator<[string, SchemaProps]> {
  yield [path, node];
  for (const [name, property] of Object.entries(node.properties ?? {}))
    yield* walk(property, `${path}.${name}`);
  if (node.items) yield* walk(node.items, `${path}[]`);
  if (node.additionalProperties) yield* walk(node.additionalProperties, `${path}.*`);
}
