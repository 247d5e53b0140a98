import type { FieldSet } from '../fields/fieldSet.ts';
import type { MergeRules } from '../patches/strategicMerge.ts';
import type { NameRule } from '../schema/objectMeta.ts';
import type { FieldCause, FieldSchema, JsonObject, KindInfo } from '../values/kinds.ts';

export type Subresource = '' | 'status';

/** What one kind does differently: the hooks of the real server's registry strategies. All of them are pure. */
export interface Strategy {
  /**
   * Decodes, prunes and defaults; metadata apart. Throws a 400.
   * @param keepNulls as the kind's schema has it
   */
  admit(object: JsonObject, keepNulls?: boolean): { object: JsonObject; unknown: string[] };
  /** What reading adds to a stored object: defaults that it was stored without. */
  complete(object: JsonObject): JsonObject;
  /** Completes a new object. */
  prepareCreate(object: JsonObject): JsonObject;
  /** Completes a changed one; which parts of it count depends on the subresource written to. */
  prepareUpdate(next: JsonObject, old: JsonObject, subresource: Subresource): JsonObject;
  validate(object: JsonObject, old?: JsonObject): FieldCause[];
  nameRule: NameRule;
  /** Whether metadata.generation counts, and then whether this change does. */
  countsGeneration: boolean;
  changesGeneration(next: JsonObject, old: JsonObject): boolean;
  /** PUT without resourceVersion replaces any version. */
  unconditionalUpdate: boolean;
  /** PUT to a name that isn't there creates it. */
  createOnUpdate: boolean;
  /** DELETE answers with the deleted object rather than with a Status. */
  returnsDeleted: boolean;
  /** Whether anything but metadata.finalizers still holds a deleted object. */
  held(object: JsonObject): boolean;
  /** A reason why this object may not be deleted. */
  undeletable(name: string): string | undefined;
  /** Strategic merge patches are taken, by these rules. */
  mergeRules?: MergeRules;
  /** How the object's fields can be owned, apiVersion, kind and metadata included. */
  fields: FieldSchema;
  /** Fields that no write to the object, or to its status, can change. */
  ignoredFields: Readonly<Record<Subresource, FieldSet>>;
  /** What of a new object is there before anything of it is set; metadata apart. */
  empty: JsonObject;
  /** Fields besides metadata.name and metadata.namespace that field selectors may name, and where they are stored. */
  selectableFields: Readonly<Record<string, string>>;
}

/** A kind as it is served: one version's view of one storage. */
export interface Definition {
  info: KindInfo;
  /** Kinds with one storage are views of the same objects. */
  storage: string;
  strategy: Strategy;
  /** Compiled into the server, not defined: items of its lists carry no apiVersion and kind, and bodies needn't either. */
  builtin: boolean;
  toStorage(object: JsonObject): JsonObject;
  /** The view that this version gives, apiVersion and kind included. */
  fromStorage(object: JsonObject): JsonObject;
}

export function apiVersionOf(info: KindInfo): string {
  return info.group === '' ? info.version : `${info.group}/${info.version}`;
}

/** The definition of a kind whose versions differ in nothing but their name. */
export function plainDefinition(
  info: KindInfo,
  storage: string,
  strategy: Strategy,
  builtin: boolean,
): Definition {
  const apiVersion = apiVersionOf(info);
  return {
    info,
    storage,
    strategy,
    builtin,
    toStorage: (object) => object,
    fromStorage(object) {
      const complete = strategy.complete(object);
      return complete.apiVersion === apiVersion ? complete : { ...complete, apiVersion };
    },
  };
}
