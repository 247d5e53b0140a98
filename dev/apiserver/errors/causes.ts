import type { FieldCause, JsonValue } from '../values/kinds.ts';

/** Field errors in the wording of apimachinery's field package. */

function shown(value: JsonValue | undefined): string {
  return value === undefined ? 'null' : JSON.stringify(value);
}

export function invalidValue(field: string, value: JsonValue | undefined, why: string): FieldCause {
  return { field, reason: 'FieldValueInvalid', message: `Invalid value: ${shown(value)}: ${why}` };
}

export function required(field: string, why = ''): FieldCause {
  return {
    field,
    reason: 'FieldValueRequired',
    message: why === '' ? 'Required value' : `Required value: ${why}`,
  };
}

export function notSupported(field: string, value: JsonValue, supported: string[]): FieldCause {
  const list = supported.map((item) => JSON.stringify(item)).join(', ');
  return {
    field,
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${shown(value)}: supported values: ${list}`,
  };
}

export function forbiddenField(field: string, why: string): FieldCause {
  return { field, reason: 'FieldValueForbidden', message: `Forbidden: ${why}` };
}

export function tooLong(field: string, limit: number): FieldCause {
  return { field, reason: 'FieldValueTooLong', message: `Too long: may not be more than ${limit} bytes` };
}

export const immutable = 'field is immutable';
