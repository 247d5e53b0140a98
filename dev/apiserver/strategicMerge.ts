import { clone, equal, isObject } from './json.ts';
import type { JsonObject, JsonValue } from './kinds.ts';
import { badRequest } from './statusErrors.ts';

/** Lists that merge, by dotted path: by the value of a key, or as a set of primitives. All others are replaced. */
export interface MergeRules {
  byKey: Readonly<Record<string, string>>;
  sets: readonly string[];
  /** Objects that are set and owned as a whole, though their fields merge in a patch. */
  atomic?: readonly string[];
}

export const metadataMergeRules: MergeRules = {
  byKey: { 'metadata.ownerReferences': 'uid' },
  sets: ['metadata.finalizers'],
};

const orderPrefix = '$setElementOrder/';
const deletePrefix = '$deleteFromPrimitiveList/';

/** Elements that the order names come in that order; the others keep their place relative to their predecessor. */
function ordered<T>(items: T[], wanted: readonly T[], same: (a: T, b: T) => boolean): T[] {
  const rank = (item: T): number => wanted.findIndex((other) => same(item, other));
  let previous = -1;
  const ranked = items.map((item) => {
    const own = rank(item);
    if (own !== -1) previous = own;
    return { item, at: own === -1 ? previous : own };
  });
  return ranked.sort((a, b) => a.at - b.at).map(({ item }) => item);
}

function mergeSet(target: JsonValue[], patch: JsonValue[]): JsonValue[] {
  const added = patch.filter((item) => !target.some((other) => equal(other, item)));
  return [...target, ...clone(added)];
}

function mergeByKey(
  target: JsonObject[],
  patch: JsonValue[],
  key: string,
  path: string,
  rules: MergeRules,
): JsonObject[] {
  if (patch.some((item) => isObject(item) && item.$patch === 'replace')) {
    return clone(patch.filter(isObject).filter((item) => item.$patch !== 'replace'));
  }
  let result = [...target];
  for (const item of patch) {
    if (!isObject(item) || item[key] === undefined) {
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    }
    if (item.$patch === 'delete') {
      result = result.filter((other) => !equal(other[key], item[key]));
      continue;
    }
    const index = result.findIndex((other) => equal(other[key], item[key]));
    if (index === -1) result.push(mergeObject({}, item, path, rules));
    else result[index] = mergeObject(result[index] ?? {}, item, path, rules);
  }
  return result;
}

function mergeList(
  target: JsonValue | undefined,
  patch: JsonValue[],
  path: string,
  rules: MergeRules,
): JsonValue[] {
  const present = Array.isArray(target) ? target : [];
  const key = rules.byKey[path];
  if (key !== undefined) return mergeByKey(present.filter(isObject), patch, key, path, rules);
  return rules.sets.includes(path) ? mergeSet(present, patch) : clone(patch);
}

function applyOrder(
  result: JsonObject,
  name: string,
  order: JsonValue,
  path: string,
  rules: MergeRules,
): void {
  const list = result[name];
  if (!Array.isArray(list) || !Array.isArray(order)) return;
  const key = rules.byKey[path];
  const same = (a: JsonValue, b: JsonValue): boolean =>
    key === undefined ? equal(a, b) : isObject(a) && isObject(b) && equal(a[key], b[key]);
  result[name] = ordered(list, order, same);
}

function mergeObject(target: JsonObject, patch: JsonObject, path: string, rules: MergeRules): JsonObject {
  const { $patch: directive, $retainKeys: retained, ...fields } = patch;
  if (directive === 'replace') return clone(fields);
  if (directive === 'delete') return {};
  const result: JsonObject = { ...target };
  if (Array.isArray(retained)) {
    for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key];
  }
  const orders: [name: string, order: JsonValue][] = [];
  for (const [key, value] of Object.entries(fields)) {
    if (key.startsWith(orderPrefix)) {
      orders.push([key.slice(orderPrefix.length), value]);
      continue;
    }
    if (key.startsWith(deletePrefix)) {
      const name = key.slice(deletePrefix.length);
      const list = result[name];
      if (Array.isArray(list) && Array.isArray(value)) {
        result[name] = list.filter((item) => !value.some((other) => equal(item, other)));
      }
      continue;
    }
    const inner = path === '' ? key : `${path}.${key}`;
    const present = result[key];
    if (value === null) delete result[key];
    else if (Array.isArray(value)) result[key] = mergeList(present, value, inner, rules);
    else if (isObject(value))
      result[key] = mergeObject(isObject(present) ? present : {}, value, inner, rules);
    else result[key] = value;
  }
  // Orders come last: they speak of the merged lists.
  for (const [name, order] of orders)
    applyOrder(result, name, order, path === '' ? name : `${path}.${name}`, rules);
  return result;
}

/** Kubernetes' strategic merge patch: RFC 7386 but for lists that merge and the `$` directives. Throws a 400. */
export function strategicMerge(target: JsonObject, patch: JsonObject, rules: MergeRules): JsonObject {
  return mergeObject(target, patch, '', rules);
}
