type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The RFC 7386 merge patch from one JSON value to another; undefined when they are equal. Lists are replaced whole. */
export function diff(from: unknown, to: unknown): Json | undefined {
  if (Array.isArray(from) && Array.isArray(to) && from.length === to.length) {
    return from.every((item, index) => diff(item, to[index]) === undefined) ? undefined : toJson(to);
  }
  if (!isObject(from) || !isObject(to)) {
    return JSON.stringify(from) === JSON.stringify(to) ? undefined : toJson(to);
  }
  const patch: Record<string, Json> = {};
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    if (to[key] === undefined) {
      if (from[key] !== undefined) patch[key] = null;
      continue;
    }
    const change = from[key] === undefined ? toJson(to[key]) : diff(from[key], to[key]);
    if (change !== undefined) patch[key] = change;
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}

/** The paths that a merge patch touches. */
export function pathsOf(patch: Json, at = ''): string[] {
  if (!isObject(patch)) return [at];
  return Object.entries(patch).flatMap(([key, value]) =>
    pathsOf(value as Json, at === '' ? key : `${at}.${key}`),
  );
}

function toJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value ?? null)) as Json;
}
