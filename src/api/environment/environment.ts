import { createHmac, timingSafeEqual } from 'node:crypto';
import { ENV_NAME, type WorkspaceSpec } from '../kinds/workspace.ts';
import { AGENT_NAMES, SHELL_NAMES } from './reservedNames.ts';

/** Variables by name; values are bytes, as in a Secret. */
export type Environment = ReadonlyMap<string, Buffer>;

/** The content of a Secret: key → bytes. */
export type SecretData = ReadonlyMap<string, Buffer>;

/**
 * Why a variable never reaches the instance:
 * - `NotAName`: no shell can hold a variable of that name.
 * - `ShellName`: a shell keeps that name to itself, and may end at an attempt to set it.
 * - `AgentName`: a setting of the agent, which the class gives.
 * - `HoldsNul`: an environment is a list of C strings, so a value ends at its first NUL.
 * - `TooLong`: `NAME=value` exceeds what Linux takes as one string, and `execve` would refuse the whole command.
 */
export type LeftOutReason = 'NotAName' | 'ShellName' | 'AgentName' | 'HoldsNul' | 'TooLong';

export interface LeftOut {
  /** `secret/key`, or `env/NAME`. */
  source: string;
  why: LeftOutReason;
}

/** MAX_ARG_STRLEN: 32 pages of 4 KiB, the closing NUL included (execve(2), "Limits on size of arguments"). */
const LONGEST_ENTRY_BYTES = 131_072;

export interface MergedEnvironment {
  /** The variables that the digest covers. */
  variables: Environment;
  /**
   * The variables that the instance gets. The digest covers more, so that a rule added here changes no digest on record
   * and an upgrade replaces no instance.
   */
  served: Environment;
  /** For each variable where it came from: `secret/key`, or `env/NAME`. */
  sources: ReadonlyMap<string, string>;
  /** Secrets that are required and were not given. */
  missing: readonly string[];
  /** Sorted by source. */
  leftOut: readonly LeftOut[];
}

/** Merges as a Pod does: a later Secret wins over an earlier one, plain env over all. */
export function mergeEnvironment(
  spec: Pick<WorkspaceSpec, 'envFrom' | 'env'>,
  secrets: ReadonlyMap<string, SecretData>,
): MergedEnvironment {
  const variables = new Map<string, Buffer>();
  const sources = new Map<string, string>();
  const missing: string[] = [];
  const leftOut: LeftOut[] = [];
  for (const { secretRef } of spec.envFrom) {
    const data = secrets.get(secretRef.name);
    if (!data) {
      if (!secretRef.optional) missing.push(secretRef.name);
      continue;
    }
    for (const [key, value] of data) {
      const source = `${secretRef.name}/${key}`;
      if (!ENV_NAME.test(key)) leftOut.push({ source, why: 'NotAName' });
      else if (value.includes(0)) leftOut.push({ source, why: 'HoldsNul' });
      else {
        variables.set(key, value);
        sources.set(key, source);
      }
    }
  }
  for (const { name, value } of spec.env) {
    variables.set(name, Buffer.from(value));
    sources.set(name, `env/${name}`);
  }
  const served = new Map<string, Buffer>();
  for (const [name, value] of variables) {
    const why = unusable(name, value);
    if (why === undefined) served.set(name, value);
    else leftOut.push({ source: sources.get(name) ?? name, why });
  }
  leftOut.sort((a, b) => (a.source < b.source ? -1 : 1));
  return { variables, served, sources, missing, leftOut };
}

function unusable(name: string, value: Buffer): LeftOutReason | undefined {
  if (SHELL_NAMES.has(name)) return 'ShellName';
  if (AGENT_NAMES.has(name)) return 'AgentName';
  if (value.includes(0)) return 'HoldsNul';
  const bytes = name.length + '='.length + value.length + 1;
  return bytes > LONGEST_ENTRY_BYTES ? 'TooLong' : undefined;
}

/** A key as the key ring names it. */
export interface DigestKey {
  id: string;
  key: Buffer;
}

/** `<key id>:<hex HMAC-SHA256>`: same content under the same key, same digest, in any order. */
export function digestEnvironment(key: DigestKey, variables: Environment): string {
  const hmac = createHmac('sha256', key.key);
  for (const name of [...variables.keys()].sort()) {
    const value = variables.get(name) ?? Buffer.alloc(0);
    hmac.update(`${Buffer.byteLength(name)}:${name}${value.length}:`).update(value);
  }
  return `${key.id}:${hmac.digest('hex')}`;
}

/** The id of the key that a digest was made with. */
export function digestKeyID(digest: string): string {
  return digest.slice(0, Math.max(0, digest.lastIndexOf(':')));
}

/**
 * Whether the content has this digest, judged under the key that the digest names, so that a new key changes nothing.
 * False when that key is not at hand.
 */
export function matchesDigest(
  keyByID: (id: string) => Buffer | undefined,
  digest: string,
  variables: Environment,
): boolean {
  const id = digestKeyID(digest);
  const key = keyByID(id);
  if (!key) return false;
  const actual = Buffer.from(digestEnvironment({ id, key }, variables));
  const expected = Buffer.from(digest);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

/** Digests of single variables, kept in memory to name what changed. */
export function digestVariables(key: DigestKey, variables: Environment): ReadonlyMap<string, string> {
  const digests = new Map<string, string>();
  for (const [name, value] of variables) {
    digests.set(name, digestEnvironment(key, new Map([[name, value]])));
  }
  return digests;
}
