export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue;
}

/** One kind in one version, as the server serves it. */
export interface KindInfo {
  /** '' for the core group. */
  group: string;
  version: string;
  plural: string;
  singular: string;
  kind: string;
  listKind: string;
  shortNames: string[];
  categories: string[];
  namespaced: boolean;
  /** As discovery lists them. */
  verbs: string[];
  statusSubresource: boolean;
  /** Absent on kinds without a compiled schema. */
  schema?: CompiledSchema;
  /** How its fields can be owned; absent on compiled-in kinds, which say it themselves. */
  fields?: FieldSchema;
  /** Without Name, which every table begins with, but with Age where the kind shows one. */
  columns: TableColumn[];
  /** The structural schema of one object as OpenAPI v3. */
  openapi?: unknown;
}

/** One entry of `details.causes` in a Status with reason Invalid. */
export interface FieldCause {
  /** Path as the API server writes it: `spec.env[0].name`. */
  field: string;
  /** FieldValueInvalid, FieldValueRequired, FieldValueNotSupported, FieldValueTypeInvalid, … */
  reason: string;
  message: string;
}

/** apiVersion, kind and metadata are the server's business; a schema neither prunes nor validates them. */
export interface CompiledSchema {
  /**
   * Prunes unknown fields, returning their paths, and fills defaults; returns a new object.
   * @param keepNulls leaves nulls where there may be none, to be refused; otherwise they are dropped
   */
  admit(object: JsonObject, keepNulls?: boolean): { object: JsonObject; unknown: string[] };
  /** Structural rules, then CEL, transition rules included when there is an old object. */
  validate(object: JsonObject, old?: JsonObject): FieldCause[];
}

export interface TableColumn {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  format?: string;
  description?: string;
  /** 0 is always shown, above that only with `-o wide`. */
  priority: number;
  /** The cell; a value that isn't there is null. */
  value(object: JsonObject): JsonValue;
}

export type Scalar = 'string' | 'number' | 'boolean' | 'any';

/** How the parts of a value can be owned apart from one another. */
export type FieldSchema =
  | { is: 'scalar'; type: Scalar }
  /** One owner for the whole of it. */
  | { is: 'atomic' }
  /** No schema: objects by field, lists as a whole. */
  | { is: 'free' }
  /** @property others what a key that isn't among the fields has; absent: there may be none */
  | { is: 'object'; fields: Readonly<Record<string, FieldSchema>>; others?: FieldSchema }
  | { is: 'map'; keys: readonly string[]; defaults: JsonObject; item: FieldSchema }
  | { is: 'set' };
