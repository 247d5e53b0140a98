import { z } from 'zod';
import type { KubeClient, KubeObject, Resource } from '../../controller/client/client.ts';
import { isAlreadyExists, isNotFound } from '../../controller/client/errors.ts';
import type { Random } from '../../controller/lib/random.ts';
import { isNamespaceKey } from './keyForm.ts';

/** digest: environments. ticket: an instance's first credential. session: its later credential. */
export const KEY_KINDS = ['digest', 'ticket', 'session'] as const;
/** launch: the parameters of launches in status. In a Secret of its own, as the gateway must not have it. */
export const LAUNCH_KEY_KINDS = ['launch'] as const;
export type KeyKind = (typeof KEY_KINDS)[number] | (typeof LAUNCH_KEY_KINDS)[number];

export interface NamedKey {
  id: string;
  key: Buffer;
}

/** The operator's secret keys. New things are made with the current one; old ones stay while anything names them. */
export interface KeyRing {
  current(kind: KeyKind): NamedKey;
  get(kind: KeyKind, id: string): Buffer | undefined;
  /** Keys of the kind that are not one namespace's, oldest first. */
  all(kind: KeyKind): readonly NamedKey[];
}

/** An entry of the Secret: `<kind>.<id>` → 32 bytes. */
export interface KeyEntry extends NamedKey {
  kind: KeyKind;
  /** Orders the ids: of each kind the highest is current. */
  number: number;
}

export const KEY_SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', namespaced: true };
export const KEY_BYTES = 32;
const ENTRY = /^([a-z]+)\.(k([1-9][0-9]{0,4})(?:x[0-9a-f]{8})?)$/;

const keySecret = z.object({ data: z.record(z.string(), z.base64()).optional() });

/** The id of a key: ordered by its number, and never that of another key, even if the Secret was lost in between. */
export function newKeyID(number: number, random: Random): string {
  return `k${number}x${random.bytes(4).toString('hex')}`;
}

export function entryName({ kind, id }: Pick<KeyEntry, 'kind' | 'id'>): string {
  return `${kind}.${id}`;
}

/** The Secret that the controller makes at its first start isn't there yet. A process that may not make it waits. */
export class NotMadeYetError extends Error {
  override readonly name = 'NotMadeYetError';
}

/** Whether a process makes what the first start lacks, or waits until another process has made it. */
export type AtFirstStart = 'make' | 'wait';

/**
 * Reads the Secret that holds the keys (`<kind>.k<n>x<random>` → 32 bytes; of each kind the highest n is current), and
 * creates it at the first start, or rejects with NotMadeYetError. Replicas that start together agree: the second one reads the keys that the first one wrote.
 * Rejects when the API server does, or when the Secret is there but lacks a kind: it is not repaired, because nothing
 * made with the earlier key could be compared under a new one.
 */
export async function loadKeyEntries(
  kube: KubeClient,
  secret: { namespace: string; name: string },
  random: Random,
  kinds: readonly KeyKind[] = KEY_KINDS,
  atFirstStart: AtFirstStart = 'make',
): Promise<KeyEntry[]> {
  const where = `Secret ${secret.namespace}/${secret.name}`;
  const read = () => kube.get(KEY_SECRETS, secret.name, secret.namespace);
  let found: KubeObject;
  try {
    found = await read();
  } catch (error) {
    if (!isNotFound(error)) throw error;
    if (atFirstStart === 'wait') throw new NotMadeYetError(`${where} isn't there yet`);
    found = await createOrRead();
  }
  const { entries, faults } = readEntries(found, kinds);
  if (faults[0] !== undefined) throw new Error(`${where}: ${faults[0]}; restore it from a backup`);
  createKeyRing(entries, where, kinds);
  return entries;

  async function createOrRead(): Promise<KubeObject> {
    const made = kinds.map((kind) => ({ kind, id: newKeyID(1, random), key: random.bytes(KEY_BYTES) }));
    try {
      return await kube.create(KEY_SECRETS, keySecretBody(secret, made), secret.namespace);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      return read();
    }
  }
}

export function keySecretBody(
  metadata: { namespace: string; name: string },
  entries: readonly Omit<KeyEntry, 'number'>[],
) {
  const data = Object.fromEntries(entries.map((entry) => [entryName(entry), entry.key.toString('base64')]));
  return { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data };
}

/** Leaves out entries of other kinds. For a damaged entry it reports the fault and never the content. */
export function readEntries(
  secret: KubeObject,
  kinds: readonly KeyKind[] = KEY_KINDS,
): { entries: KeyEntry[]; faults: string[] } {
  const parsed = keySecret.safeParse(secret);
  if (!parsed.success) return { entries: [], faults: ['its data is not what the Kubernetes API promises'] };
  const entries: KeyEntry[] = [];
  const faults: string[] = [];
  for (const [name, value] of Object.entries(parsed.data.data ?? {})) {
    const match = ENTRY.exec(name);
    const kind = kinds.find((candidate) => candidate === match?.[1]);
    const id = match?.[2];
    if (kind === undefined || id === undefined) continue;
    const key = Buffer.from(value, 'base64');
    if (key.length === KEY_BYTES) entries.push({ kind, id, key, number: Number(match?.[3]) });
    else faults.push(`${name} has ${key.length} bytes instead of ${KEY_BYTES}`);
  }
  return { entries, faults };
}

/** Throws when a kind has no key at all. `where` names the origin in that error. */
export function createKeyRing(
  entries: readonly KeyEntry[],
  where: string,
  kinds: readonly KeyKind[] = KEY_KINDS,
): KeyRing {
  // By kind, then by id: a name of both, made for each look-up, would cost each heartbeat.
  const keys = new Map<KeyKind, Map<string, Buffer>>();
  for (const { kind, id, key } of entries) keys.set(kind, (keys.get(kind) ?? new Map()).set(id, key));
  const all = new Map<KeyKind, NamedKey[]>();
  for (const entry of [...entries].sort(byAge)) {
    const { kind, id, key } = entry;
    if (!isNamespaceKey(entry)) all.set(kind, [...(all.get(kind) ?? []), { id, key }]);
  }
  const newest = (kind: KeyKind): NamedKey => {
    const key = all.get(kind)?.at(-1);
    if (!key) {
      throw new Error(
        `${where} has no ${kind} key (an entry ${kind}.k1x<8 hex digits> of ${KEY_BYTES} bytes); restore it from a backup`,
      );
    }
    return key;
  };
  for (const kind of kinds) newest(kind);
  return Object.freeze({
    current: newest,
    get: (kind: KeyKind, id: string) => keys.get(kind)?.get(id),
    all: (kind: KeyKind) => all.get(kind) ?? [],
  });
}

/** The same in every process, also between two keys of one number. */
function byAge(a: KeyEntry, b: KeyEntry): number {
  return a.number - b.number || (a.id < b.id ? -1 : 1);
}
