import { describe, expect, test } from 'vitest';
import { isObject, objectAt, objectsAt, stringAt, stringsAt } from '../../dev/apiserver/values/json.ts';
import type { JsonObject } from '../../dev/apiserver/values/kinds.ts';
import type { Api } from './support/api.ts';
import { ourDefinitions } from './support/kinds.ts';
import { contract } from './support/servers.ts';

/** The document that the index names for a group and version, as kubectl finds it. */
async function documentOf(api: Api, groupVersion: string): Promise<JsonObject> {
  const { paths } = await api.ok('GET', '/openapi/v3');
  const { serverRelativeURL } = objectAt(objectAt({ paths: paths ?? null }, 'paths'), groupVersion);
  const url = new URL(String(serverRelativeURL), 'https://localhost');
  expect(url.searchParams.get('hash')).toMatch(/^[0-9A-F]+$/);
  return api.ok('GET', url.pathname, undefined, { query: Object.fromEntries(url.searchParams) });
}

function schemasOf(document: JsonObject): JsonObject {
  return objectAt(objectAt(document, 'components'), 'schemas');
}

function schemaOf(document: JsonObject, kind: string): JsonObject {
  const found = Object.values(schemasOf(document)).find(
    (schema) =>
      isObject(schema) &&
      objectsAt(schema, 'x-kubernetes-group-version-kind').some((each) => each.kind === kind),
  );
  if (!isObject(found)) throw new Error(`there is no schema of a ${kind}`);
  return found;
}

/** What explain prints of a schema: path → type, whether it is required, and its text. */
function explained(schema: JsonObject): JsonObject {
  return Object.fromEntries(explainedBelow(schema));
}

function explainedBelow(schema: JsonObject, path = ''): [string, string][] {
  const required = stringsAt(schema, 'required');
  const { items, additionalProperties: each } = schema;
  const below = [items, each].filter(isObject).flatMap((inner) => explainedBelow(inner, `${path}[]`));
  const fields = Object.entries(objectAt(schema, 'properties')).flatMap(([name, field]) => {
    if (!isObject(field) || (path === '' && ['apiVersion', 'kind', 'metadata'].includes(name))) return [];
    const at = `${path}.${name}`;
    const says = `${stringAt(field, 'type')} ${required.includes(name)} ${stringAt(field, 'description')}`;
    return [[at, says] as [string, string], ...explainedBelow(field, at)];
  });
  return [...fields, ...below];
}

contract('the documents that kubectl explain reads', (api) => {
  describe.each(ourDefinitions)('of $kind', ({ kind, group, version, schema }) => {
    const groupVersion = `apis/${group}/${version}`;

    test('say of each field what the definition says', async () => {
      const wanted = explained(schema);
      expect(Object.keys(wanted).length).toBeGreaterThan(30);
      // A definition's document follows it by a moment.
      await expect
        .poll(async () => explained(schemaOf(await documentOf(api, groupVersion), kind)))
        .toEqual(wanted);
    });

    test('know its metadata', async () => {
      const document = await documentOf(api, groupVersion);
      const metadata = objectAt(objectAt(schemaOf(document, kind), 'properties'), 'metadata');
      const [reference] = [...objectsAt(metadata, 'allOf'), metadata].map(({ $ref }) => $ref).filter(Boolean);
      const name = String(reference).replace('#/components/schemas/', '');
      const fields = Object.keys(objectAt(objectAt(schemasOf(document), name), 'properties'));
      expect(fields).toEqual(
        expect.arrayContaining(['name', 'namespace', 'labels', 'annotations', 'finalizers']),
      );
    });

    test('say that its PATCH takes a manager, force, dry runs and validation', async () => {
      const document = await documentOf(api, groupVersion);
      const patches = Object.entries(objectAt(document, 'paths'))
        .filter(([path]) => path.endsWith('/{name}'))
        .map(([, operations]) => objectAt(isObject(operations) ? operations : {}, 'patch'))
        .filter((patch) => objectAt(patch, 'x-kubernetes-group-version-kind').kind === kind);
      expect(patches).toHaveLength(1);
      const names = patches.flatMap((patch) => objectsAt(patch, 'parameters').map(({ name }) => name));
      expect(names).toEqual(expect.arrayContaining(['dryRun', 'fieldManager', 'fieldValidation', 'force']));
    });
  });

  test.each([
    ['api/v1', 'Secret', 'data'],
    ['api/v1', 'Namespace', 'status'],
    ['apis/coordination.k8s.io/v1', 'Lease', 'spec'],
    ['apis/rbac.authorization.k8s.io/v1', 'Role', 'rules'],
    ['apis/authorization.k8s.io/v1', 'SubjectAccessReview', 'spec'],
  ])('know built-in kinds: %s %s.%s', async (groupVersion, kind, field) => {
    const properties = objectAt(schemaOf(await documentOf(api, groupVersion), kind), 'properties');
    expect(stringAt(objectAt(properties, field), 'description')).not.toBe('');
  });
});
