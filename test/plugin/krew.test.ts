import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { krewManifest } from '../../dev/krew/manifest.ts';
import { buildDistribution, buildPlugin } from '../../dev/plugin.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');

let folder: string;
let archive: string;
let manifest: ReturnType<typeof krewManifest>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'krew-'));
  const built = await buildDistribution(
    join(folder, 'dist'),
    'https://releases.example/kubectl-workspace.tar.gz',
  );
  archive = built.archive;
  manifest = parse(await readFile(built.manifest, 'utf8'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** krew's selector: an `In` over the names that Go gives. */
const platformFor = (os: string) =>
  manifest.spec.platforms.find(({ selector }) =>
    selector.matchExpressions.every(
      ({ key, operator, values }) => key === 'os' && operator === 'In' && values.includes(os),
    ),
  );

// As krew does (internal/installation): verify, unpack, move `files`, link `bin` by the plugin's name.
test('the archive installs as krew does it, and kubectl finds the plugin', async () => {
  const platform = platformFor('linux');
  expect(
    createHash('sha256')
      .update(await readFile(archive))
      .digest('hex'),
  ).toBe(platform?.sha256);
  const store = join(folder, 'krew', 'store', manifest.metadata.name, manifest.spec.version);
  const [unpacked, bin] = [join(folder, 'unpacked'), join(folder, 'krew', 'bin')];
  for (const path of [unpacked, store, bin]) await mkdir(path, { recursive: true });
  await run('tar', ['-xzf', archive, '-C', unpacked]);
  expect(platform?.files).toEqual([{ from: '*', to: '.' }]);
  for (const name of await readdir(unpacked)) await cp(join(unpacked, name), join(store, name));
  // Where a home is a project of ES modules.
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await symlink(join(store, platform?.bin ?? ''), join(bin, `kubectl-${manifest.metadata.name}`));
  const env = { PATH: [bin, process.env.PATH].join(delimiter), HOME: folder };
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  expect((await run('kubectl-workspace', ['--version'], { env })).stdout).toBe(`${version}\n`);
  expect((await run('kubectl', ['workspace', '--help'], { env })).stdout).toContain(
    'Usage: kubectl-workspace',
  );
  expect(await readdir(store)).toContain('LICENSE');
});

test('the manifest is one that krew takes', () => {
  expect(manifest.apiVersion).toBe('krew.googlecontainertools.github.com/v1alpha2');
  expect(manifest.metadata.name).toMatch(/^[\w-]+$/);
  expect(manifest.spec.version).toMatch(/^v\d+\.\d+\.\d+/);
  expect(manifest.spec.shortDescription).toMatch(/^[^\n]{1,50}$/);
  for (const { uri, sha256, bin } of manifest.spec.platforms) {
    expect(uri).toBe('https://releases.example/kubectl-workspace.tar.gz');
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(bin).toBe('kubectl-workspace');
  }
  expect(platformFor('darwin')).toBeDefined();
  expect(platformFor('windows')).toBeUndefined();
});

test('a package.json of something else beside the plugin stays as it is', async () => {
  const theirs = join(folder, 'package.json');
  await writeFile(theirs, '{"name":"theirs"}');
  await expect(buildPlugin(join(folder, 'kubectl-workspace'))).rejects.toThrow('a folder of its own');
  expect(await readFile(theirs, 'utf8')).toBe('{"name":"theirs"}');
});

test('the same source makes the same archive', async () => {
  const again = await buildDistribution(join(folder, 'again'), 'x');
  expect(await readFile(again.archive)).toEqual(await readFile(archive));
});
