import { badRequest } from '../errors/statusErrors.ts';
import { clone, equal, isObject } from '../values/json.ts';
import type { JsonObject, JsonValue } from '../values/kinds.ts';

/** Lists that merge, by dotted path: by the value of a key, or as a set of primitives. All others are replaced. */
export interface MergeRules {
  byKey: Readonly<Record<string, string>>;
  sets: readonly string[];
  /** What is owned as a whole, though it merges in a patch; `[]` stands for a list’s items. */
  atomic?: readonly string[];
}

export const metadataMergeRules: MergeRules = {
  byKey: { 'metadata.ownerReferences': 'uid' },
  sets: ['metadata.finalizers'],
};

const orderPrefix = '$setElementOrder/';
const deletePrefix = '$deleteFromPrimitiveList/';

type Same = (a: JsonValue, b: JsonValue) => boolean;

function sameBy(key: string | undefined): Same {
  if (key === undefined) return equal;
  return (a, b) => isObject(a) && isObject(b) && equal(a[key], b[key]);
}

/**
 * The merged items in the order that is wanted; those that it doesn't name come where they stood before one that it
 * names, or else after them all.
 */
function arranged(
  merged: readonly JsonValue[],
  wanted: readonly JsonValue[],
  before: readonly JsonValue[],
  same: Same,
): JsonValue[] {
  const placeIn = (list: readonly JsonValue[], item: JsonValue): number =>
    list.findIndex((other) => same(item, other));
  const named = merged
    .filter((item) => placeIn(wanted, item) !== -1)
    .toSorted((a, b) => placeIn(wanted, a) - placeIn(wanted, b));
  const others = merged.filter((item) => placeIn(wanted, item) === -1);
  const result: JsonValue[] = [];
  for (const item of named) {
    const at = placeIn(before, item);
    while (at !== -1 && others[0] !== undefined && placeIn(before, others[0]) < at) {
      result.push(...others.splice(0, 1));
    }
    result.push(item);
  }
  return [...result, ...others];
}

function mergeSet(target: JsonValue[], patch: JsonValue[]): JsonValue[] {
  const added = patch.filter((item) => !target.some((other) => equal(other, item)));
  return arranged([...target, ...clone(added)], patch, target, equal);
}

function mergeByKey(
  target: JsonObject[],
  patch: JsonValue[],
  key: string,
  path: string,
  rules: MergeRules,
): JsonValue[] {
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
  return arranged(result, patch, target, sameBy(key));
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
  before: JsonValue | undefined,
  key: string | undefined,
): void {
  const list = result[name];
  if (!Array.isArray(list) || !Array.isArray(order)) return;
  result[name] = arranged(list, order, Array.isArray(before) ? before : [], sameBy(key));
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
    applyOrder(result, name, order, target[name], rules.byKey[path === '' ? name : `${path}.${name}`]);
  return result;
}

/** Kubernetes' strategic merge patch: RFC 7386 but for lists that merge and the `$` directives. Throws a 400. */
export function strategicMerge(target: JsonObject, patch: JsonObject, rules: MergeRules): JsonObject {
  return mergeObject(target, patch, '', rules);
}
