import { isObject } from '../values/json.ts';
import type { JsonValue } from '../values/kinds.ts';
import type { Structural } from './structural.ts';

/**
 * Finds what a list's item was before. Only the items of a list of type map have an identity to be found by; for
 * those of other lists there is no old value.
 */
export function correlate(
  schema: Structural,
  old: JsonValue | undefined,
): (item: JsonValue, index: number) => JsonValue | undefined {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (!keys || !Array.isArray(old)) return () => undefined;
  const identity = (item: JsonValue) =>
    isObject(item) ? JSON.stringify(keys.map((key) => item[key] ?? null)) : undefined;
  const before = new Map(old.map((item) => [identity(item), item]));
  return (item) => {
    const key = identity(item);
    return key === undefined ? undefined : before.get(key);
  };
}
