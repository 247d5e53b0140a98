import type { JsonObject } from '../values/kinds.ts';

/** Pieces of OpenAPI, each with its description. */

export const string = (description: string): JsonObject => ({ type: 'string', description });
export const integer = (description: string): JsonObject => ({
  type: 'integer',
  format: 'int64',
  description,
});
export const flag = (description: string): JsonObject => ({ type: 'boolean', description });
export const time = (description: string): JsonObject => ({
  type: 'string',
  format: 'date-time',
  description,
});
export const list = (items: JsonObject, description: string): JsonObject => ({
  type: 'array',
  items,
  description,
});
export const map = (additionalProperties: JsonObject, description: string): JsonObject => ({
  type: 'object',
  additionalProperties,
  description,
});
export const object = (description: string, properties: JsonObject, required: string[] = []): JsonObject => ({
  type: 'object',
  description,
  properties,
  ...(required.length > 0 ? { required } : {}),
});
