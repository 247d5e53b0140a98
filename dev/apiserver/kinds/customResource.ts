import { customFields } from '../fields/fieldSchema.ts';
import { noFields, setOf } from '../fields/fieldSet.ts';
import { isSubdomain } from '../schema/objectMeta.ts';
import { equal, freeze, isObject, metaOf, without } from '../values/json.ts';
import type { JsonObject, KindInfo } from '../values/kinds.ts';
import { type Definition, plainDefinition, type Strategy } from './definition.ts';

/** Rules of apiextensions-apiserver's customresource strategies. */
function customResourceStrategy(info: KindInfo): Strategy {
  const { schema, statusSubresource } = info;
  // By stored object, which is frozen: each is read many times.
  const shown = new WeakMap<JsonObject, JsonObject>();
  // What this schema admitted needs no second look: it is stored as it is.
  const admitted = new WeakSet<object>();
  const admit = (object: JsonObject, keepNulls = false): { object: JsonObject; unknown: string[] } => {
    const result = schema === undefined ? { object, unknown: [] } : schema.admit(object, keepNulls);
    for (const part of Object.values(result.object)) if (isObject(part)) admitted.add(part);
    return result;
  };
  const statusDefault = statusSubresource ? schema?.admit({}).object.status : undefined;
  const isAsAdmitted = (object: JsonObject): boolean =>
    (object.status !== undefined || statusDefault === undefined) &&
    Object.entries(object).every(
      ([key, part]) => key === 'metadata' || !isObject(part) || admitted.has(part),
    );
  return {
    admit,
    // Stored under another schema, or without a status that has a default, it is shown as if written today.
    complete(object) {
      if (isAsAdmitted(object)) return object;
      const known = shown.get(object);
      if (known !== undefined) return known;
      const { object: today } = admit(object);
      const whole = equal(today, object) ? object : freeze(today);
      if (Object.isFrozen(object)) shown.set(object, whole);
      return whole;
    },
    prepareCreate: (object) => (statusSubresource ? without(object, 'status') : object),
    prepareUpdate(next, old, subresource) {
      if (subresource === 'status') {
        const { status } = next;
        // Of the metadata only the resourceVersion counts, and that has been compared.
        return {
          ...without(old, 'status'),
          ...(status === undefined ? {} : { status }),
          metadata: metaOf(old),
        };
      }
      if (!statusSubresource) return next;
      const { status } = old;
      return { ...without(next, 'status'), ...(status === undefined ? {} : { status }) };
    },
    validate: (object, old) => schema?.validate(object, old) ?? [],
    nameRule: isSubdomain,
    countsGeneration: true,
    changesGeneration(next, old) {
      const outside = statusSubresource ? ['metadata', 'status', 'apiVersion'] : ['metadata', 'apiVersion'];
      return !equal(without(next, ...outside), without(old, ...outside));
    },
    unconditionalUpdate: false,
    createOnUpdate: false,
    returnsDeleted: false,
    held: () => false,
    undeletable: () => undefined,
    fields: info.fields ?? customFields(undefined),
    ignoredFields: {
      '': statusSubresource ? setOf([['f:status']]) : noFields,
      status: setOf([['f:spec']]),
    },
    empty: {},
    selectableFields: {},
  };
}

export function customResourceDefinition(info: KindInfo): Definition {
  return plainDefinition(info, `${info.group}/${info.plural}`, customResourceStrategy(info), false);
}
