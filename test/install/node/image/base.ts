import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build, buildah, STORAGE } from './buildah.ts';

const run = promisify(execFile);
const NPM = 'npm@11.21.2';
const PACKAGES = 'libc6,libstdc++6,libgcc-s1,ca-certificates,base-files,tzdata';
const DEBIAN = 'bookworm';
const NODE = join(import.meta.dirname, '..', '..', '..', '..', 'node_modules', 'node');
const BUNDLE = '/etc/ssl/certs/ca-certificates.crt';

// The builder reaches npm's registry as this machine does, which may trust more authorities than Debian.
const DOCKERFILE = `FROM scratch AS base
COPY rootfs /
COPY node /usr/local/bin/node
ENV PATH=/usr/local/bin:/usr/bin:/bin
FROM base AS builder
COPY npm /usr/local/lib/node_modules/npm
COPY launcher /usr/local/bin/npm
COPY trusted.pem ${BUNDLE}
ENV NODE_EXTRA_CA_CERTS=${BUNDLE}
`;
const LAUNCHER = '#!/usr/local/bin/node\nrequire("/usr/local/lib/node_modules/npm/lib/cli.js")(process);\n';

export interface Bases {
  base: string;
  builder: string;
}

/**
 * Stand-ins for the public Node image, which can't be pulled where only packages are at hand: Debian's libraries and npm's
 * Node, without a shell; the builder has npm too. Made once for each Node.
 */
export async function baseImages(log: (line: string) => void): Promise<Bases> {
  const node = JSON.parse(await readFile(join(NODE, 'package.json'), 'utf8')) as { version: string };
  const trusted = await readFile(BUNDLE, 'utf8');
  const inputs = [node.version, trusted, await readFile(import.meta.filename, 'utf8')];
  const tag = createHash('sha256').update(inputs.join('\n')).digest('hex').slice(0, 12);
  const names = { base: `localhost/base:${tag}`, builder: `localhost/builder:${tag}` };
  if (await isThere(names.builder)) return names;
  // Layers on an older base are of no use.
  await rm(STORAGE, { recursive: true, force: true });
  log(`making a base image of Debian ${DEBIAN} and Node ${node.version}`);
  const folder = await mkdtemp(join(tmpdir(), 'base-image-'));
  try {
    await fill(folder, trusted);
    await build(names.base, folder, '--target', 'base');
    await build(names.builder, folder, '--target', 'builder');
    return names;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function isThere(name: string): Promise<boolean> {
  return buildah('inspect', '--type', 'image', name).then(
    () => true,
    () => false,
  );
}

async function fill(folder: string, trusted: string): Promise<void> {
  const rootfs = join(folder, 'rootfs');
  await run('mmdebstrap', ['--variant=extract', `--include=${PACKAGES}`, DEBIAN, rootfs]);
  // A container gets its own.
  await rm(join(rootfs, 'dev'), { recursive: true });
  // Nothing of the packages ran, so nothing put the authorities into one file.
  const authorities = join(rootfs, 'usr', 'share', 'ca-certificates', 'mozilla');
  const files = (await readdir(authorities)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(authorities, file), 'utf8')));
  await mkdir(join(rootfs, 'etc', 'ssl', 'certs'), { recursive: true });
  await writeFile(join(rootfs, BUNDLE), texts.join(''));
  await cp(join(NODE, 'bin', 'node'), join(folder, 'node'));
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder, NPM]);
  await mkdir(join(folder, 'npm'));
  await run('tar', ['xzf', join(folder, stdout.trim()), '-C', join(folder, 'npm'), '--strip-components=1']);
  await writeFile(join(folder, 'launcher'), LAUNCHER);
  await chmod(join(folder, 'launcher'), 0o755);
  await writeFile(join(folder, 'trusted.pem'), trusted);
  await writeFile(join(folder, 'Dockerfile'), DOCKERFILE);
}
