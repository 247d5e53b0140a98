import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const blob = z.object({ digest: z.string(), size: z.int() });
const index = z.object({ manifests: z.tuple([blob]) });
const manifest = z.object({ config: blob, layers: z.array(blob) });
const config = z.object({
  architecture: z.string(),
  config: z.object({ User: z.string(), Entrypoint: z.array(z.string()), Env: z.array(z.string()) }),
});

export interface FileInLayer {
  /** From the root, without a slash before it. */
  path: string;
  /** As `ls -l` writes it. */
  mode: string;
  /** uid/gid */
  owner: string;
}

/** What an image consists of, by its OCI layout. */
export async function readLayout(folder: string) {
  const json = async (path: string) => JSON.parse(await readFile(join(folder, path), 'utf8')) as unknown;
  const pathOf = (digest: string) => join('blobs', ...digest.split(':'));
  const [first] = index.parse(await json('index.json')).manifests;
  const { layers, config: described } = manifest.parse(await json(pathOf(first.digest)));
  const files = await Promise.all(layers.map(({ digest }) => filesOf(join(folder, pathOf(digest)))));
  const compressed = (those: readonly { size: number }[]) => those.reduce((sum, { size }) => sum + size, 0);
  const isOurs = (_layer: unknown, at: number) => files[at]?.every(({ path }) => /^app(\/|$)/.test(path));
  return {
    ...config.parse(await json(pathOf(described.digest))),
    /** As a registry holds it, bytes. */
    compressed: compressed(layers),
    /** Of that, what is not of the base. */
    added: compressed(layers.filter(isOurs)),
    files: files.flat(),
  };
}

async function filesOf(layer: string): Promise<FileInLayer[]> {
  const { stdout } = await promisify(execFile)('tar', ['tzvf', layer, '--numeric-owner'], {
    maxBuffer: 2 ** 26,
  });
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [mode = '', owner = '', _size, _date, _time, path = ''] = line.split(/\s+/);
      return { mode, owner, path: path.replace(/^\.?\//, '').replace(/\/$/, '') };
    });
}
