import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { baseImages } from './base.ts';
import { build, buildah, STORAGE } from './buildah.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');
const DOCKERFILE = ['--file', join(ROOT, 'deploy', 'Dockerfile')];
const IGNORE = ['--ignorefile', join(ROOT, 'deploy', 'Dockerfile.dockerignore')];

export interface OperatorImage {
  /** As pods ask for it. */
  name: string;
  /** A docker archive of it. */
  archive: string;
  /** An OCI layout of it, whose layers are compressed as a registry would hold them. */
  layout: string;
}

/** Builds deploy/Dockerfile of this checkout. What didn't change since the last time is not built again. */
export async function operatorImage(log: (line: string) => void): Promise<OperatorImage> {
  const { base, builder } = await baseImages(log);
  const bases = ['--build-arg', `BASE=${base}`, '--build-arg', `BUILDER=${builder}`];
  // A tag keeps the dependencies from being pruned below, as they change rarely.
  const stage = ['--target', 'dependencies'];
  await build('localhost/dependencies:latest', ROOT, ...DOCKERFILE, ...IGNORE, ...bases, ...stage);
  const name = 'localhost/workspace-operator:test';
  const id = await build(name, ROOT, ...DOCKERFILE, ...IGNORE, ...bases);
  // Also what a build that was interrupted left.
  await buildah('rmi', '--prune', '--force');
  const folder = join(STORAGE, 'archives');
  await mkdir(folder, { recursive: true });
  const short = id.slice(0, 12);
  await forget(folder, short);
  return {
    name,
    archive: await pushed(name, folder, `${short}.tar`, (path) => `docker-archive:${path}:${name}`),
    layout: await pushed(name, folder, `${short}.oci`, (path) => `oci:${path}:latest`),
  };
}

/** Those of earlier builds. */
async function forget(folder: string, id: string): Promise<void> {
  const others = (await readdir(folder)).filter((name) => !name.startsWith(id));
  for (const name of others) await rm(join(folder, name), { recursive: true });
}

async function pushed(image: string, folder: string, name: string, target: (path: string) => string) {
  const path = join(folder, name);
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  if (isThere) return path;
  const unfinished = `${path}.${process.pid}`;
  await buildah('push', '--quiet', image, target(unfinished));
  await rename(unfinished, path);
  return path;
}
