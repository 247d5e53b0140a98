import { type Definition, plainDefinition, type Strategy } from './definition.ts';
import { customFields } from './fields/fieldSchema.ts';
import { noFields, setOf } from './fields/fieldSet.ts';
import { equal, metaOf, without } from './json.ts';
import type { JsonObject, KindInfo } from './kinds.ts';
import { isSubdomain } from './objectMeta.ts';

/** Rules of apiextensions-apiserver's customresource strategies. */
function customResourceStrategy(info: KindInfo): Strategy {
  const { schema, statusSubresource } = info;
  const statusDefault = statusSubresource ? schema?.admit({}).object.status : undefined;
  const admit = (object: JsonObject): { object: JsonObject; unknown: string[] } =>
    schema === undefined ? { object, unknown: [] } : schema.admit(object);
  return {
    admit,
    // A status that was dropped at creation is stored without its default, which every reader is shown all the same.
    complete: (object) =>
      object.status === undefined && statusDefault !== undefined
        ? { ...object, status: statusDefault }
        : object,
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
