import { ENV_NAME, type WorkspaceSpec } from '../kinds/workspace.ts';
import type { SecretData } from './environment.ts';

/** Largest merged environment, in bytes, unless the setting gateway.maxEnvironmentBytes says otherwise. */
export const MOST_ENVIRONMENT_BYTES = 1_048_576;

export interface Gathered {
  /** The input of mergeEnvironment. Incomplete when `bytes` exceeds the limit. */
  contents: Map<string, SecretData>;
  /** Bytes of names and values of the merged environment; overridden values don't count. */
  bytes: number;
}

/** Stands for the value of a variable that is left out, which is not kept. */
const NOTHING = Buffer.alloc(0);
const NUL = Buffer.from([0]);

/**
 * Reads a Workspace's Secrets one after the other, the last one first, and keeps of each only what no later one
 * overrides: so it never holds more than the limit and one Secret.
 * @param most limit in bytes
 * @param stopAt `limit`: reads no further once it is exceeded; `end`: goes on to find the whole size
 * @param putAside is given each value that is not kept: they are secret all the same
 */
export async function gatherSecrets(
  { envFrom, env }: Pick<WorkspaceSpec, 'envFrom' | 'env'>,
  read: (name: string) => Promise<SecretData | undefined>,
  {
    most,
    stopAt,
    putAside,
  }: { most: number; stopAt: 'limit' | 'end'; putAside?: (value: Buffer) => unknown },
): Promise<Gathered> {
  const contents = new Map<string, SecretData>();
  const names = new Set(env.map(({ name }) => name));
  let bytes = 0;
  for (const { name, value } of env) bytes += sizeOf(name, Buffer.byteLength(value));
  const inOrder = [...new Set(envFrom.map(({ secretRef }) => secretRef.name).reverse())];
  for (const secret of inOrder) {
    if (bytes > most && stopAt === 'limit') break;
    const data = await read(secret);
    if (!data) continue;
    const kept = new Map<string, Buffer>();
    for (const [name, value] of data) {
      const isKept = ENV_NAME.test(name) && !value.includes(0);
      if (!isKept || names.has(name)) putAside?.(value);
      if (isKept && names.has(name)) continue;
      if (isKept) names.add(name);
      bytes += sizeOf(name, isKept ? value.length : 0);
      if (bytes <= most) kept.set(name, isKept ? value : value.includes(0) ? NUL : NOTHING);
    }
    contents.set(secret, kept);
  }
  return { contents, bytes };
}

function sizeOf(name: string, valueBytes: number): number {
  return name.length + '='.length + valueBytes;
}
