import { metaOf, stringAt } from '../values/json.ts';
import type { JsonObject, JsonValue, KindInfo, TableColumn } from '../values/kinds.ts';
import { ageOf } from './age.ts';

/** What each row carries of its object: `includeObject` of meta.k8s.io/v1 TableOptions. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

const NAME: TableColumn = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  priority: 0,
  value: (object) => stringAt(metaOf(object), 'name'),
};

/**
 * A meta.k8s.io/v1 Table, whose metadata is left to the caller. A kind that places Name among its own columns, as
 * Event does, keeps it there; every other table begins with it.
 * @param now ms since the epoch, which dates are shown relative to
 */
export function renderTable(
  kind: KindInfo,
  objects: JsonObject[],
  includeObject: IncludeObject,
  now: number,
): JsonObject {
  const columns = kind.columns.some(({ name }) => name === NAME.name)
    ? kind.columns
    : [NAME, ...kind.columns];
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: '' },
    columnDefinitions: columns.map(define),
    rows: objects.map((object) => ({
      cells: columns.map((column) => cell(column, object, now)),
      ...included(object, includeObject),
    })),
  };
}

function define({ name, type, format = '', description = '', priority }: TableColumn): JsonObject {
  return { name, type, format, description, priority };
}

/** A date goes over the wire as the text of its age, so that no client has to read it. */
function cell(column: TableColumn, object: JsonObject, now: number): JsonValue {
  const value = column.value(object);
  return column.type === 'date' && typeof value === 'string' ? ageOf(value, now) : value;
}

function included(object: JsonObject, includeObject: IncludeObject): JsonObject {
  switch (includeObject) {
    case 'None':
      return {};
    case 'Object':
      return { object };
    case 'Metadata':
      return {
        object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: metaOf(object) },
      };
  }
}
