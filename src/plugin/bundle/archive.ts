import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface ArchiveFile {
  /** With forward slashes; at most 100 characters, as ustar has it. */
  path: string;
  content: Buffer;
  /** Default 0600. */
  mode?: number;
}

const BLOCK = 512;
const LONGEST_PATH = 100;

/** A .tar.gz (POSIX ustar) that is the same for the same files. @throws RangeError for a path that is too long */
export function tarGz(files: readonly ArchiveFile[]): Buffer {
  const blocks = files.flatMap(({ path, content, mode = 0o600 }) => [
    header(path, content.length, mode),
    content,
    Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK),
  ]);
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]), { level: 9 });
}

function header(path: string, size: number, mode: number): Buffer {
  if (Buffer.byteLength(path) > LONGEST_PATH) throw new RangeError(`${path} is too long for an archive`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'ascii');
  block.write(path, 0, 'utf8');
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write('        ', 148, 'ascii');
  block.write('0', 156, 'ascii');
  block.write('ustar\x0000', 257, 'ascii');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'ascii');
  return block;
}

/** Writes a folder, or an archive where the path ends with .tar.gz or .tgz; for the owner alone. @throws where it exists */
export async function writeFiles(target: string, files: readonly ArchiveFile[]): Promise<void> {
  if (/\.(tar\.gz|tgz)$/.test(target)) {
    await writeFile(target, tarGz(files), { mode: 0o600, flag: 'wx' });
    return;
  }
  await mkdir(target, { mode: 0o700 });
  for (const { path, content, mode = 0o600 } of files) {
    const file = join(target, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, content, { mode, flag: 'wx' });
  }
}
