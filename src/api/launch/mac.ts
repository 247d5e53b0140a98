import { createHmac, timingSafeEqual } from 'node:crypto';
import type { DigestKey } from '../environment/environment.ts';

/** A key of ours by its id. */
export type KeyOf = (id: string) => Buffer | undefined;

const MAC = /^m1\.([a-z0-9]{1,16})\.([A-Za-z0-9_-]{43})$/;

/** `m1.<key id>.<HMAC-SHA256>`; m1 names the encoding. */
export function sign({ id, key }: DigestKey, encoded: string): string {
  return `m1.${id}.${createHmac('sha256', key).update(encoded).digest('base64url')}`;
}

/** The id of the key that it says it was made with; empty where it is none of ours. */
export function keyIn(mac: string | undefined): string {
  return MAC.exec(mac ?? '')?.[1] ?? '';
}

export function carriesMac(keyOf: KeyOf, mac: unknown, encoded: string): boolean {
  const [, id = '', given = ''] = (typeof mac === 'string' && MAC.exec(mac)) || [];
  const key = keyOf(id);
  if (!key) return false;
  const wanted = createHmac('sha256', key).update(encoded).digest();
  const carried = Buffer.from(given, 'base64url');
  return carried.length === wanted.length && timingSafeEqual(carried, wanted);
}

/** Sorts the names of each object. JSON leaves undefined values out, as the API server does. */
export function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, item]) => [name, ordered(item)]));
}
