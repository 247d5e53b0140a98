import type { JsonValue, TableColumn } from '../values/kinds.ts';
import { compileJsonPath } from './jsonPath.ts';

/** One entry of a CRD's `additionalPrinterColumns`. */
export interface PrinterColumn {
  name: string;
  type: TableColumn['type'];
  format?: string;
  description?: string;
  priority?: number;
  jsonPath: string;
}

const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

/**
 * The columns of a custom resource; Age alone where the CRD names none.
 * @param path where the version stands in the CRD, for messages
 * @throws Error when a JSONPath cannot be read
 */
export function customColumns(columns: PrinterColumn[] | undefined, path: string): TableColumn[] {
  return (columns?.length ? columns : [AGE]).map((column, index) => {
    const select = compilePath(column.jsonPath, `${path}.additionalPrinterColumns[${index}].jsonPath`);
    return {
      name: column.name,
      type: column.type,
      format: column.format,
      description:
        column.description ?? `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
      priority: column.priority ?? 0,
      value: (object) => cell(column.type, select(object)[0]),
    };
  });
}

function compilePath(jsonPath: string, path: string) {
  try {
    return compileJsonPath(jsonPath);
  } catch (error) {
    throw new Error(
      `${path}: Invalid value: ${JSON.stringify(jsonPath)}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/** Only the first value counts, and only if it is of the column's type (apiextensions-apiserver, tableconvertor.go). */
function cell(type: TableColumn['type'], value: JsonValue | undefined): JsonValue {
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : JSON.stringify(value);
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? value : null;
  }
}
