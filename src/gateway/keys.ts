import { z } from 'zod';
import type { KubeClient, KubeObject, Resource } from '../controller/client.ts';
import { isAlreadyExists, isNotFound } from '../controller/errors.ts';
import type { Random } from '../controller/random.ts';

/** digest: environments. ticket: what an instance first shows. session: what it shows afterwards. */
export const KEY_KINDS = ['digest', 'ticket', 'session'] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

export interface NamedKey {
  id: string;
  key: Buffer;
}

/** The operator's secret keys. New things are made with the current one; old ones stay while anything names them. */
export interface KeyRing {
  current(kind: KeyKind): NamedKey;
  get(kind: KeyKind, id: string): Buffer | undefined;
}

const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', namespaced: true };
const KEY_BYTES = 32;
const ENTRY = /^(digest|ticket|session)\.(k[1-9][0-9]{0,8})$/;

const keySecret = z.object({ data: z.record(z.string(), z.base64()).optional() });

/**
 * Reads the Secret that holds the keys (`<kind>.k<n>` → 32 bytes; of each kind the highest n is current), and creates it at the first start.
 * Replicas that start together agree: who comes second reads what the first one wrote.
 * Rejects when the API server does, or when the Secret is there but lacks a kind: it is never repaired, as a
 * key made anew would make every running instance look changed.
 */
export async function loadKeyRing(
  kube: KubeClient,
  secret: { namespace: string; name: string },
  random: Random,
): Promise<KeyRing> {
  const where = `Secret ${secret.namespace}/${secret.name}`;
  const read = () => kube.get(SECRETS, secret.name, secret.namespace);
  let found: KubeObject;
  try {
    found = await read();
  } catch (error) {
    if (!isNotFound(error)) throw error;
    found = await createOrRead();
  }
  const parsed = keySecret.safeParse(found);
  if (!parsed.success) throw new Error(`${where}: its data is not what the Kubernetes API promises`);
  return createKeyRing(decode(parsed.data.data ?? {}, where), where);

  async function createOrRead(): Promise<KubeObject> {
    const data = Object.fromEntries(
      KEY_KINDS.map((kind) => [`${kind}.k1`, random.bytes(KEY_BYTES).toString('base64')]),
    );
    const body = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: secret.name, namespace: secret.namespace },
      type: 'Opaque',
      data,
    };
    try {
      return await kube.create(SECRETS, body, secret.namespace);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      return read();
    }
  }
}

interface Entry extends NamedKey {
  kind: KeyKind;
  number: number;
}

function decode(data: Readonly<Record<string, string>>, where: string): Entry[] {
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(data)) {
    const match = ENTRY.exec(name);
    const kind = KEY_KINDS.find((candidate) => candidate === match?.[1]);
    const id = match?.[2];
    if (kind === undefined || id === undefined) continue;
    const key = Buffer.from(value, 'base64');
    if (key.length !== KEY_BYTES) {
      throw new Error(
        `${where}: ${name} has ${key.length} bytes instead of ${KEY_BYTES}; restore it from a backup`,
      );
    }
    entries.push({ kind, id, key, number: Number(id.slice(1)) });
  }
  return entries;
}

/** Throws when a kind has no key at all. `where` names the origin in that error. */
export function createKeyRing(
  entries: readonly { kind: KeyKind; id: string; key: Buffer; number: number }[],
  where: string,
): KeyRing {
  const keys = new Map<string, Buffer>();
  const current = new Map<KeyKind, Entry>();
  for (const entry of entries) {
    keys.set(`${entry.kind}.${entry.id}`, entry.key);
    if (entry.number > (current.get(entry.kind)?.number ?? 0)) current.set(entry.kind, entry);
  }
  const newest = (kind: KeyKind): NamedKey => {
    const entry = current.get(kind);
    if (!entry) {
      throw new Error(
        `${where} has no ${kind} key (an entry ${kind}.k1 of ${KEY_BYTES} bytes); restore it from a backup, ` +
          'or delete the Secret to have every Workspace provisioned anew',
      );
    }
    return { id: entry.id, key: entry.key };
  };
  for (const kind of KEY_KINDS) newest(kind);
  return Object.freeze({ current: newest, get: (kind: KeyKind, id: string) => keys.get(`${kind}.${id}`) });
}
