import { createHmac, timingSafeEqual } from 'node:crypto';
import type { DigestKey } from '../environment/environment.ts';
import type { LaunchParams } from '../kinds/launchParams.ts';

/** All that the parameters of a launch are bound to: neither another launch's nor an earlier one's may pass for it. */
export interface ArmedLaunch {
  clusterID: string;
  uid: string;
  number: number;
  submittedAt: string;
  params: LaunchParams;
}

const MAC = /^m1\.([a-z0-9]{1,16})\.([A-Za-z0-9_-]{43})$/;

/** `m1.<key id>.<HMAC-SHA256>`; m1 names the encoding. */
export function signLaunch(key: DigestKey, launch: ArmedLaunch): string {
  return sign(key, encode(launch));
}

function sign({ id, key }: DigestKey, encoded: string): string {
  return `m1.${id}.${createHmac('sha256', key).update(encoded).digest('base64url')}`;
}

/** A refusal in the status of this Workspace: it holds up others too, so another's word for it must not pass. */
export interface NotedRefusal {
  clusterID: string;
  uid: string;
  refusal: Readonly<Record<string, unknown>>;
}

export function signRefusal(key: DigestKey, noted: NotedRefusal): string {
  return sign(key, encodeRefusal(noted));
}

export function isRefusalAuthentic(keyOf: KeyOf, noted: NotedRefusal): boolean {
  return carriesMac(keyOf, noted.refusal.mac, encodeRefusal(noted));
}

function encodeRefusal({ clusterID, uid, refusal: { mac: _, ...refusal } }: NotedRefusal): string {
  return JSON.stringify(['refusal', clusterID, uid, ordered(refusal)]);
}

type KeyOf = (id: string) => Buffer | undefined;

function carriesMac(keyOf: KeyOf, mac: unknown, encoded: string): boolean {
  const [, id = '', given = ''] = (typeof mac === 'string' && MAC.exec(mac)) || [];
  const key = keyOf(id);
  if (!key) return false;
  const wanted = createHmac('sha256', key).update(encoded).digest();
  const carried = Buffer.from(given, 'base64url');
  return carried.length === wanted.length && timingSafeEqual(carried, wanted);
}

/** Parameters that were found authentic, and as what: each pass asks again, and the objects of a cache never change. */
const found = new WeakMap<LaunchParams, { key: Buffer; launch: ArmedLaunch }>();

function isSame(a: ArmedLaunch, b: ArmedLaunch): boolean {
  return (
    a.uid === b.uid && a.number === b.number && a.submittedAt === b.submittedAt && a.clusterID === b.clusterID
  );
}

/** Whether the parameters carry the MAC that a key of ours gives them. False under an unknown key or encoding. */
export function isAuthentic(keyOf: KeyOf, launch: ArmedLaunch): boolean {
  const { params } = launch;
  const [, id = ''] = MAC.exec(params.mac ?? '') ?? [];
  const key = keyOf(id);
  if (!key) return false;
  const before = found.get(params);
  if (before?.key === key && isSame(before.launch, launch)) return true;
  const isOurs = carriesMac(keyOf, params.mac, encode(launch));
  if (isOurs && Object.isFrozen(params)) found.set(params, { key, launch });
  return isOurs;
}

/** Every field but the MAC, in one order: a JSON array is unambiguous for any strings. */
function encode({ clusterID, uid, number, submittedAt, params: { mac: _, ...params } }: ArmedLaunch): string {
  return JSON.stringify(['launch', clusterID, uid, number, submittedAt, ordered(params)]);
}

/** Sorts the names of each object. JSON leaves undefined values out, as the API server does. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, item]) => [name, ordered(item)]));
}
