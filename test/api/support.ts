import { compileCrd } from '../../dev/apiserver/kinds/compileCrd.ts';
import { isObject } from '../../dev/apiserver/values/json.ts';
import type { CompiledSchema, JsonObject, JsonValue } from '../../dev/apiserver/values/kinds.ts';
import { type CustomResourceDefinition, workspaceClassCrd, workspaceCrd } from '../../src/api/kinds/crd.ts';

/** A kind as the API server admits it: pruned, defaulted, then validated by schema and CEL. */
export interface Admission {
  /** The stored object. Throws with the causes when it is refused. */
  admit(object: JsonObject): JsonObject;
  /** `field: message` of each cause; empty when it is accepted. */
  refusals(object: JsonObject, old?: JsonObject): string[];
  /** Paths of fields that the schema doesn't know. */
  unknown(object: JsonObject): string[];
}

function admission(crd: CustomResourceDefinition): Admission {
  const schema = compiled(crd);
  const refusals = (object: JsonObject, old?: JsonObject) =>
    schema
      .validate(schema.admit(object).object, old && schema.admit(old).object)
      .map((cause) => `${cause.field}: ${cause.message}`);
  return {
    refusals,
    unknown: (object) => schema.admit(object).unknown,
    admit(object) {
      const causes = refusals(object);
      if (causes.length > 0) throw new Error(causes.join('\n'));
      return schema.admit(object).object;
    },
  };
}

function compiled(crd: CustomResourceDefinition): CompiledSchema {
  const [kind] = compileCrd(JSON.parse(JSON.stringify(crd)));
  if (!kind?.schema) throw new Error(`${crd.metadata.name} serves no version`);
  return kind.schema;
}

export const workspaces = admission(workspaceCrd());
export const workspaceClasses = admission(workspaceClassCrd());

export function workspace(spec: JsonObject): JsonObject {
  return {
    apiVersion: 'compute.molecule.ai/v1alpha1',
    kind: 'Workspace',
    metadata: { name: 'ada', namespace: 'default' },
    spec: { className: 'standard', ...spec },
  };
}

/** A class with no more than it must have, changed at the top level of its spec; undefined removes. */
export function workspaceClass(change: Record<string, JsonValue | undefined> = {}): JsonObject {
  const spec: Record<string, JsonValue | undefined> = {
    images: [{ architecture: 'x86_64', id: 'ami-0123456789abcdef0' }],
    instanceTypes: [{ name: 'm7i.large' }],
    subnets: [{ id: 'subnet-1' }],
    securityGroups: [{ id: 'sg-1' }],
    ...change,
  };
  const kept = Object.entries(spec).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
  return {
    apiVersion: 'compute.molecule.ai/v1alpha1',
    kind: 'WorkspaceClass',
    metadata: { name: 'standard' },
    spec: Object.fromEntries(kept),
  };
}

export function specOf(object: JsonObject): JsonObject {
  if (!isObject(object.spec)) throw new TypeError('no spec');
  return object.spec;
}
