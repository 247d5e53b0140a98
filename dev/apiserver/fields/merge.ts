import { isObject } from '../values/json.ts';
import type { FieldSchema, JsonObject, JsonValue } from '../values/kinds.ts';
import { fieldAt, settled } from './fieldSchema.ts';
import { pairsOf, partsOf } from './walk.ts';

/** A live value with a configuration laid over it: what the configuration doesn't name stays. */
export function mergeConfigured(
  given: FieldSchema,
  live: JsonValue | undefined,
  config: JsonValue,
): JsonValue {
  if (live === undefined || pairsOf(given, live, config) === undefined) return config;
  const schema = settled(given, config ?? live);
  if (schema.is === 'map' || schema.is === 'set') return mergeList(schema, live, config);
  const result: JsonObject = { ...(isObject(live) ? live : {}) };
  for (const [name, value] of Object.entries(isObject(config) ? config : {})) {
    const field = fieldAt(schema, name);
    result[name] = field === undefined ? value : mergeConfigured(field, result[name], value);
  }
  return result;
}

/**
 * The configuration's items come in its order. Those that it doesn't name come where they stood among the items that
 * both have.
 */
function mergeList(schema: FieldSchema, live: JsonValue, config: JsonValue): JsonValue[] {
  const ours = partsOf(schema, live) ?? [];
  const theirs = partsOf(schema, config) ?? [];
  const present = new Map(ours.map((part) => [part.step, part.value]));
  const wanted = new Set(theirs.map(({ step }) => step));
  const shared = theirs.filter(({ step }) => present.has(step)).map(({ step }) => step);
  const result: JsonValue[] = [];
  let at = 0;
  let turn = 0;
  const keepOurs = (): void => {
    for (; at < ours.length; at += 1) {
      const part = ours[at];
      if (part === undefined || part.step === shared[turn]) return;
      if (!wanted.has(part.step)) result.push(part.value);
    }
  };
  for (const part of theirs) {
    keepOurs();
    if (ours[at]?.step === part.step) at += 1;
    result.push(mergeConfigured(part.schema, present.get(part.step), part.value));
    if (shared[turn] === part.step) turn += 1;
  }
  keepOurs();
  return result;
}
