import type { CompiledSchema, JsonObject, JsonValue } from '../values/kinds.ts';
import { compileCrd } from './compileCrd.ts';

/** A CRD around the schema of a spec, for tests of schemas. */
export function crdWithSpec(spec: JsonObject, root: JsonObject = {}, version: JsonObject = {}): JsonObject {
  const openAPIV3Schema = { type: 'object', properties: { spec }, ...root };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema }, ...version }],
    },
  };
}

export function schemaOf(spec: JsonObject, root: JsonObject = {}): CompiledSchema {
  const schema = compileCrd(crdWithSpec(spec, root))[0]?.schema;
  if (!schema) throw new Error('the definition serves no version');
  return schema;
}

export function widget(spec: JsonValue, rest: JsonObject = {}): JsonObject {
  return { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' }, spec, ...rest };
}

/** Errors as kubectl prints them. */
export function errors(schema: CompiledSchema, object: JsonObject, old?: JsonObject): string[] {
  return schema.validate(object, old).map((cause) => `${cause.field}: ${cause.message}`);
}
