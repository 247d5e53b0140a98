import { own } from '../../../api/base/own.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The RFC 7386 merge patch from one JSON value to another; undefined when they are equal. Lists are replaced whole. */
export function diff(from: unknown, to: unknown): Json | undefined {
  if (from === to) return undefined;
  if (Array.isArray(from) && Array.isArray(to) && from.length === to.length) {
    return from.every((item, index) => diff(item, to[index]) === undefined) ? undefined : toJson(to);
  }
  if (!isObject(from) || !isObject(to)) {
    if (typeof from === 'string' && typeof to === 'string') return to;
    return JSON.stringify(from) === JSON.stringify(to) ? undefined : toJson(to);
  }
  const changes: [string, Json][] = [];
  const compare = (key: string) => {
    const change = changeOf(own(from, key), own(to, key));
    if (change !== undefined) changes.push([key, change]);
  };
  for (const key of Object.keys(from)) compare(key);
  for (const key of Object.keys(to)) if (!Object.hasOwn(from, key)) compare(key);
  return changes.length > 0 ? Object.fromEntries(changes) : undefined;
}

function changeOf(from: unknown, to: unknown): Json | undefined {
  if (to === undefined) return from === undefined ? undefined : null;
  return from === undefined ? toJson(to) : diff(from, to);
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
