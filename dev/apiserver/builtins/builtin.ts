import { badRequest } from '../errors/statusErrors.ts';
import { builtinFields } from '../fields/fieldSchema.ts';
import { setOf } from '../fields/fieldSet.ts';
import type { Strategy } from '../kinds/definition.ts';
import { metadataMergeRules } from '../patches/strategicMerge.ts';
import { isSubdomain } from '../schema/objectMeta.ts';
import { builtinColumns } from '../table/builtinColumns.ts';
import type { JsonObject, KindInfo } from '../values/kinds.ts';
import { conform, type Shape, ShapeError } from '../values/shapes.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** What differs from a namespaced kind without short names, categories or a status. */
export function builtinInfo(
  group: string,
  version: string,
  kind: string,
  rest: Partial<KindInfo> & Pick<KindInfo, 'plural'>,
): KindInfo {
  return {
    group,
    version,
    kind,
    singular: kind.toLowerCase(),
    listKind: `${kind}List`,
    shortNames: [],
    categories: [],
    namespaced: true,
    verbs,
    statusSubresource: false,
    columns: builtinColumns(group, kind),
    ...rest,
  };
}

/** What a type's fields are, and how a body is decoded as it. */
export interface Decoder {
  admit: Strategy['admit'];
  shapes: Readonly<Record<string, Shape>>;
}

/** Decodes as the type named; a value of a wrong type is a 400. */
export function decoder(info: KindInfo, fields: Readonly<Record<string, Shape>>): Decoder {
  const shapes: Decoder['shapes'] = { apiVersion: 'string', kind: 'string', metadata: 'any', ...fields };
  const admit: Strategy['admit'] = (object: JsonObject) => {
    const unknown: string[] = [];
    try {
      const decoded = conform({ fields: shapes }, object, '', unknown);
      return { object: decoded as JsonObject, unknown };
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      const { kind, version } = info;
      throw badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${error.message}`);
    }
  };
  return { admit, shapes };
}

/** Structs that are written even when nothing in them is set. */
function emptyStructs(shapes: Decoder['shapes']): JsonObject {
  return Object.fromEntries(['spec', 'status'].filter((name) => name in shapes).map((name) => [name, {}]));
}

/** The rules that most compiled-in kinds share. */
export function builtinStrategy({ admit, shapes }: Decoder, rest: Partial<Strategy> = {}): Strategy {
  return {
    admit,
    complete: (object) => object,
    prepareCreate: (object) => object,
    prepareUpdate: (next) => next,
    validate: () => [],
    nameRule: isSubdomain,
    countsGeneration: false,
    changesGeneration: () => false,
    unconditionalUpdate: true,
    createOnUpdate: false,
    returnsDeleted: false,
    held: () => false,
    undeletable: () => undefined,
    mergeRules: metadataMergeRules,
    fields: builtinFields(shapes, rest.mergeRules ?? metadataMergeRules),
    ignoredFields: { '': setOf([['f:status']]), status: setOf([['f:spec']]) },
    empty: emptyStructs(shapes),
    selectableFields: {},
    ...rest,
  };
}
