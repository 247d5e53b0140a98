import type { DigestKey } from '../environment/environment.ts';
import type { LaunchParams } from '../kinds/launchParams.ts';
import type { WorkspaceStatus } from '../kinds/workspace.ts';
import { carriesMac, type KeyOf, keyIn, ordered, sign } from './mac.ts';

/** All that the parameters of a launch are bound to: neither another launch's nor an earlier one's may pass for it. */
export interface ArmedLaunch {
  clusterID: string;
  uid: string;
  number: number;
  submittedAt: string;
  params: LaunchParams;
}

export function signLaunch(key: DigestKey, launch: ArmedLaunch): string {
  return sign(key, encode(launch));
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

/** A status as a whole, so that others of the class are judged by what the operator wrote: see Beliefs. */
export interface WrittenStatus {
  clusterID: string;
  uid: string;
  status: Readonly<WorkspaceStatus>;
}

export function signStatus(key: DigestKey, written: WrittenStatus): string {
  return sign(key, encodeStatus(written));
}

export function isStatusAuthentic(keyOf: KeyOf, written: WrittenStatus): boolean {
  const { mac } = written.status;
  return keyOf(keyIn(mac)) !== undefined && carriesMac(keyOf, mac, encodeStatus(written));
}

function encodeStatus({ clusterID, uid, status: { mac: _, ...status } }: WrittenStatus): string {
  return JSON.stringify(['status', clusterID, uid, ordered(status)]);
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
  const key = keyOf(keyIn(params.mac));
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
