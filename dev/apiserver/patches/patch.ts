import jsonPatch from 'fast-json-patch';
import { badRequest, StatusError, unsupportedMediaType } from '../errors/statusErrors.ts';
import { clone, isObject } from '../values/json.ts';
import type { JsonObject, JsonValue } from '../values/kinds.ts';
import { type MergeRules, strategicMerge } from './strategicMerge.ts';

const jsonPatchType = 'application/json-patch+json';
const mergePatchType = 'application/merge-patch+json';
const strategicType = 'application/strategic-merge-patch+json';

/** Server-side apply. */
export const applyType = 'application/apply-patch+yaml';

/** RFC 7386. */
function mergePatch(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isObject(patch)) return clone(patch);
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** RFC 6902. A failed test or a path that isn't there is a 422, as on the server. */
function applyJsonPatch(target: JsonObject, patch: JsonValue): JsonValue {
  if (!Array.isArray(patch)) throw badRequest('error decoding patch: a JSON patch is an array of operations');
  const malformed = jsonPatch.validate(patch as unknown as jsonPatch.Operation[]);
  if (malformed !== undefined) throw badRequest(`error decoding patch: ${malformed.name}`);
  try {
    return jsonPatch.applyPatch(clone(target), patch as unknown as jsonPatch.Operation[], true)
      .newDocument as JsonValue;
  } catch (error) {
    if (!(error instanceof jsonPatch.JsonPatchError)) throw error;
    const message = 'the server rejected our request due to an error in our request';
    throw new StatusError(422, 'Invalid', message, {
      causes: [{ message: `${error.name} at ${error.index ?? 0}` }],
    });
  }
}

/** @param rules of the kind's lists, for strategic merge; absent for kinds that don't have it (custom resources) */
export function acceptedPatchTypes(rules: MergeRules | undefined): string[] {
  return rules === undefined
    ? [jsonPatchType, mergePatchType, applyType]
    : [jsonPatchType, mergePatchType, strategicType, applyType];
}

export function applyPatch(
  target: JsonObject,
  patch: JsonValue,
  contentType: string,
  rules: MergeRules | undefined,
): JsonObject {
  if (!acceptedPatchTypes(rules).includes(contentType)) throw unsupportedMediaType(acceptedPatchTypes(rules));
  let result: JsonValue;
  if (contentType === jsonPatchType) result = applyJsonPatch(target, patch);
  else {
    if (!isObject(patch)) throw badRequest('error decoding patch: a merge patch is an object');
    result =
      rules !== undefined && contentType === strategicType
        ? strategicMerge(target, patch, rules)
        : mergePatch(target, patch);
  }
  if (!isObject(result)) throw badRequest('the patched document is not an object');
  return result;
}
