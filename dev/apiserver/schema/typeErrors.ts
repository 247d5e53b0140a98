import type { FieldCause, JsonValue } from '../values/kinds.ts';

/** Field errors that only schemas give rise to, in the wording of apimachinery's field package. */

export function typeInvalid(field: string, shown: JsonValue, why: string): FieldCause {
  return {
    field,
    reason: 'FieldValueTypeInvalid',
    message: `Invalid value: ${JSON.stringify(shown)}: ${why}`,
  };
}

export function tooMany(field: string, actual: number, limit: number): FieldCause {
  return {
    field,
    reason: 'FieldValueTooMany',
    message: `Too many: ${actual}: must have at most ${limit} items`,
  };
}

export function duplicate(field: string, value: JsonValue): FieldCause {
  return { field, reason: 'FieldValueDuplicate', message: `Duplicate value: ${JSON.stringify(value)}` };
}

/** Ends a list of errors that kept CEL rules from being evaluated. */
export const RULES_NOT_CHECKED: FieldCause = {
  field: '<nil>',
  reason: 'FieldValueInvalid',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};

const BLOCKING = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

/** Whether CEL rules could stumble over the error, so that the server doesn't evaluate them. */
export function blocksRules(cause: FieldCause): boolean {
  return BLOCKING.has(cause.reason);
}
