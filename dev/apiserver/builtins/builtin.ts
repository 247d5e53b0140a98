import type { Strategy } from '../definition.ts';
import type { JsonObject, KindInfo } from '../kinds.ts';
import { isSubdomain } from '../objectMeta.ts';
import { conform, type Shape, ShapeError } from '../shapes.ts';
import { badRequest } from '../statusErrors.ts';
import { metadataMergeRules } from '../strategicMerge.ts';
import { builtinColumns } from '../table/builtinColumns.ts';

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

/** Decodes as the type named; a value of a wrong type is a 400. */
export function decoder(info: KindInfo, fields: Readonly<Record<string, Shape>>): Strategy['admit'] {
  const shape: Shape = { fields: { apiVersion: 'string', kind: 'string', metadata: 'any', ...fields } };
  return (object: JsonObject) => {
    const unknown: string[] = [];
    try {
      const decoded = conform(shape, object, '', unknown);
      return { object: decoded as JsonObject, unknown };
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      const { kind, version } = info;
      throw badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${error.message}`);
    }
  };
}

/** The rules that most compiled-in kinds share. */
export function builtinStrategy(admit: Strategy['admit'], rest: Partial<Strategy> = {}): Strategy {
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
    selectableFields: {},
    ...rest,
  };
}
