import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, buildah } from './buildah.ts';

export const PAUSE_IMAGE = 'localhost/pause:1';

/** Writes an archive of the image that holds a pod's namespaces. */
export async function pauseImage(program: string, archive: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'pause-image-'));
  try {
    await copyFile(program, join(folder, 'pause'));
    await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY pause /\nENTRYPOINT ["/pause"]\n');
    await build(PAUSE_IMAGE, folder);
    await buildah('push', '--quiet', PAUSE_IMAGE, `docker-archive:${archive}:${PAUSE_IMAGE}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
