import { invalidValue, notSupported, required } from '../errors/causes.ts';
import { compileCrd } from '../kinds/compileCrd.ts';
import { type Definition, plainDefinition } from '../kinds/definition.ts';
import { equal, isObject, metaOf, objectAt, objectsAt, stringAt, stringsAt } from '../values/json.ts';
import type { FieldCause, JsonObject } from '../values/kinds.ts';
import type { Shape } from '../values/shapes.ts';
import { builtinInfo, builtinStrategy, decoder } from './builtin.ts';

export const crdStorage = 'apiextensions.k8s.io/customresourcedefinitions';
/** Holds a deleted definition until its objects are gone. */
export const crdFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

const info = builtinInfo('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition', {
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  statusSubresource: true,
});

const names: Shape = {
  fields: {
    plural: 'string',
    singular: 'string',
    shortNames: { list: 'string' },
    kind: 'string',
    listKind: 'string',
    categories: { list: 'string' },
  },
};
const version: Shape = {
  fields: {
    name: 'string',
    served: 'boolean',
    storage: 'boolean',
    deprecated: 'boolean',
    deprecationWarning: 'string',
    schema: { fields: { openAPIV3Schema: 'any' } },
    subresources: { fields: { status: 'any', scale: 'any' } },
    additionalPrinterColumns: {
      list: {
        fields: {
          name: 'string',
          type: 'string',
          format: 'string',
          description: 'string',
          priority: 'integer',
          jsonPath: 'string',
        },
      },
    },
    selectableFields: { list: { fields: { jsonPath: 'string' } } },
  },
};
const decode = decoder(info, {
  spec: {
    fields: {
      group: 'string',
      names,
      scope: 'string',
      versions: { list: version },
      conversion: { fields: { strategy: 'string', webhook: 'any' } },
      preserveUnknownFields: 'boolean',
    },
  },
  status: {
    fields: { conditions: { list: 'any' }, acceptedNames: names, storedVersions: { list: 'string' } },
  },
});

function withDefaults(object: JsonObject): JsonObject {
  const spec = objectAt(object, 'spec');
  const given = objectAt(spec, 'names');
  const kind = stringAt(given, 'kind');
  const filled = {
    ...given,
    singular: stringAt(given, 'singular') || kind.toLowerCase(),
    listKind: stringAt(given, 'listKind') || `${kind}List`,
  };
  return { ...object, spec: { ...spec, names: filled, conversion: spec.conversion ?? { strategy: 'None' } } };
}

function withFinalizer(object: JsonObject): JsonObject {
  const meta = metaOf(object);
  const finalizers = [...new Set([...stringsAt(meta, 'finalizers'), crdFinalizer])];
  return { ...object, metadata: { ...meta, finalizers } };
}

function storageVersions(spec: JsonObject): string[] {
  return objectsAt(spec, 'versions')
    .filter((each) => each.storage === true)
    .map((each) => stringAt(each, 'name'));
}

/** Status as the definition's controllers would have it once they have looked: names accepted, kind served. */
export function establishedStatus(object: JsonObject, now: string): JsonObject {
  const spec = objectAt(object, 'spec');
  const status = objectAt(object, 'status');
  const known = objectsAt(status, 'conditions');
  const wanted: [type: string, reason: string, message: string][] = [
    ['NamesAccepted', 'NoConflicts', 'no conflicts found'],
    ['Established', 'InitialNamesAccepted', 'the initial names have been accepted'],
  ];
  const conditions = wanted.map(([type, reason, message]) => {
    const before = known.find((condition) => condition.type === type && condition.status === 'True');
    return before ?? { type, status: 'True', lastTransitionTime: now, reason, message };
  });
  const others = known.filter(({ type }) => !wanted.some(([each]) => each === type));
  const storedVersions = [...new Set([...stringsAt(status, 'storedVersions'), ...storageVersions(spec)])];
  return { conditions: [...conditions, ...others], acceptedNames: objectAt(spec, 'names'), storedVersions };
}

function validate(object: JsonObject, old?: JsonObject): FieldCause[] {
  const spec = objectAt(object, 'spec');
  const given = objectAt(spec, 'names');
  const causes: FieldCause[] = [];
  for (const field of ['plural', 'kind']) {
    if (stringAt(given, field) === '') causes.push(required(`spec.names.${field}`));
  }
  if (stringAt(spec, 'group') === '') causes.push(required('spec.group'));
  const name = stringAt(metaOf(object), 'name');
  const expected = `${stringAt(given, 'plural')}.${stringAt(spec, 'group')}`;
  if (name !== expected)
    causes.push(invalidValue('metadata.name', name, 'must be spec.names.plural+"."+spec.group'));
  const scope = stringAt(spec, 'scope');
  if (scope !== 'Namespaced' && scope !== 'Cluster') {
    causes.push(notSupported('spec.scope', scope, ['Cluster', 'Namespaced']));
  }
  if (storageVersions(spec).length !== 1) {
    const why = 'must have exactly one version marked as storage version';
    causes.push(
      invalidValue(
        'spec.versions',
        objectsAt(spec, 'versions').map((each) => stringAt(each, 'name')),
        why,
      ),
    );
  }
  objectsAt(spec, 'versions').forEach((each, index) => {
    if (isObject(objectAt(each, 'schema').openAPIV3Schema)) return;
    causes.push(required(`spec.versions[${index}].schema.openAPIV3Schema`, 'schemas are required'));
  });
  if (old !== undefined) {
    const oldSpec = objectAt(old, 'spec');
    for (const field of ['group', 'scope']) {
      if (spec[field] !== oldSpec[field])
        causes.push(invalidValue(`spec.${field}`, spec[field], 'field is immutable'));
    }
  }
  return causes.length > 0 ? causes : compileCauses(object);
}

function compileCauses(object: JsonObject): FieldCause[] {
  try {
    compileCrd(object);
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [{ field: 'spec.versions', reason: 'FieldValueInvalid', message: `Invalid value: ${message}` }];
  }
}

const strategy = builtinStrategy(
  {
    ...decode,
    admit(object) {
      const { object: decoded, unknown } = decode.admit(object);
      return { object: withDefaults(decoded), unknown };
    },
  },
  {
    prepareCreate: (object) => withFinalizer({ ...object, status: {} }),
    prepareUpdate(next, old, subresource) {
      if (subresource === 'status') return { ...old, status: objectAt(next, 'status') };
      const kept = { ...next, status: objectAt(old, 'status') };
      return stringAt(metaOf(old), 'deletionTimestamp') === '' ? withFinalizer(kept) : kept;
    },
    validate,
    countsGeneration: true,
    changesGeneration: (next, old) => !equal(next.spec, old.spec),
    unconditionalUpdate: false,
  },
);

export const crdDefinition: Definition = plainDefinition(info, crdStorage, strategy, true);
