import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { baseImages } from './base.ts';
import { build, buildah } from './buildah.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');
const run = promisify(execFile);
const isOfImage = (path: string) => /\/deploy$|\/(Dockerfile[^/]*|prune\.mjs)$/.test(path);

/** What a commit installs. */
export interface OlderRelease {
  commit: string;
  /** Folder of its chart. */
  chart: string;
  image: { repository: string; tag: string };
  /** A docker archive of that image. */
  archive: string;
}

/**
 * Builds the image of a commit, by its own Dockerfile if that can be built here, and lays its chart out in `folder`.
 * @param revision as git knows it; rejects where it has no chart
 */
export async function olderRelease(
  revision: string,
  folder: string,
  log: (line: string) => void,
): Promise<OlderRelease> {
  const { stdout } = await run('git', ['-C', ROOT, 'rev-parse', '--verify', `${revision}^{commit}`]);
  const commit = stdout.trim();
  const source = join(folder, 'older');
  await mkdir(source);
  const tar = join(folder, 'older-source.tar');
  await run('git', ['-C', ROOT, 'archive', '--output', tar, commit]);
  await run('tar', ['xf', tar, '-C', source]);
  log(`building deploy/Dockerfile of ${commit}`);
  const { base, builder } = await baseImages(log);
  const image = { repository: 'localhost/workspace-operator', tag: 'older' };
  const name = `${image.repository}:${image.tag}`;
  const deploy = join(source, 'deploy');
  // The first Dockerfile ran npm by a shell, which no base here has.
  if (!existsSync(join(deploy, 'prune.mjs')))
    await cp(join(ROOT, 'deploy'), deploy, { recursive: true, filter: isOfImage });
  const files = [
    '--file',
    join(deploy, 'Dockerfile'),
    '--ignorefile',
    join(deploy, 'Dockerfile.dockerignore'),
  ];
  await build(name, source, ...files, '--build-arg', `BASE=${base}`, '--build-arg', `BUILDER=${builder}`);
  const archive = join(folder, 'older.tar');
  await buildah('push', '--quiet', name, `docker-archive:${archive}:${name}`);
  return { commit, chart: join(deploy, 'chart'), image, archive };
}
