import { execFile } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { productionDependencies } from '../dev/generate/licences.ts';

const root = new URL('../', import.meta.url);
const read = (path: string) => readFile(new URL(path, root), 'utf8');

/** What may be passed on with an Apache-2.0 program by keeping its notices. */
const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'PSF-2.0',
  'Unlicense',
]);

test('every production dependency has a permissive licence', () => {
  const dependencies = productionDependencies();
  expect(dependencies.length).toBeGreaterThan(100);
  expect(dependencies.filter(({ license }) => !PERMISSIVE.has(license))).toEqual([]);
});

test('the SBOM of the release recipe has each of them, with its licence, and no development dependency', async () => {
  const recipe = /^npm (run .*sbom) > /m.exec(await read('docs/release.md'))?.[1] ?? '';
  const { stdout } = await promisify(execFile)('npm', recipe.split(' '), { cwd: root, maxBuffer: 2 ** 25 });
  const bom = z
    .looseObject({
      bomFormat: z.literal('CycloneDX'),
      metadata: z.looseObject({ component: z.looseObject({ 'bom-ref': z.string() }) }),
      dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
      components: z.array(
        z.looseObject({
          group: z.string().optional(),
          name: z.string(),
          version: z.string(),
          licenses: z.array(z.unknown()).min(1),
        }),
      ),
    })
    .parse(JSON.parse(stdout));
  const listed = bom.components.map(({ name, version }) => `${name}@${version}`).sort();
  const wanted = productionDependencies().map(({ name, version }) => `${name}@${version}`);
  expect([...new Set(listed)]).toEqual([...wanted].sort());
  const direct =
    bom.dependencies.find(({ ref }) => ref === bom.metadata.component['bom-ref'])?.dependsOn ?? [];
  const { dependencies, devDependencies } = JSON.parse(await read('package.json'));
  const names = direct.map((ref) => ref.slice(0, ref.lastIndexOf('@')));
  expect(names).toEqual(expect.arrayContaining(Object.keys(dependencies)));
  expect(names).not.toContain(Object.keys(devDependencies)[0]);
});

/** Of each production dependency its folder, and what the lock file says of it. */
async function shipped() {
  const { packages } = z
    .object({ packages: z.record(z.string(), z.looseObject({ dev: z.boolean().optional() })) })
    .parse(JSON.parse(await read('package-lock.json')));
  const found = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev);
  expect(found.length).toBeGreaterThan(100);
  return found;
}

test('no production dependency goes by platform or builds anything: one install serves amd64 and arm64', async () => {
  const byPlatform = (await shipped()).filter(([, it]) => it.os ?? it.cpu ?? it.libc ?? it.hasInstallScript);
  expect(byPlatform.map(([path]) => path)).toEqual([]);
});

test('their native code is for the runtime Bare alone, and the image leaves it out', async () => {
  const folders = (await shipped()).map(([path]) => fileURLToPath(new URL(path, root)));
  const listed = await Promise.all(
    folders.map((folder) => readdir(folder, { recursive: true, withFileTypes: true })),
  );
  const files = listed
    .flat()
    .filter((it) => it.isFile() && !/\.([cm]?[jt]s|json|map|md|ya?ml|txt)$/.test(it.name));
  const native = files.map((it) => join(it.parentPath, it.name)).filter(isNative);
  expect(new Set(native.map((path) => extname(path)))).toEqual(new Set(['.bare']));

  const folder = await mkdtemp(join(tmpdir(), 'prune-'));
  try {
    for (const name of ['addon.bare', 'index.js']) await writeFile(join(folder, name), '');
    await promisify(execFile)(process.execPath, ['deploy/prune.mjs', folder], { cwd: root });
    expect(await readdir(folder)).toEqual(['index.js']);
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** By its first bytes: ELF, Mach-O of either order and of several architectures, or PE. */
function isNative(path: string): boolean {
  const head = Buffer.alloc(4);
  const file = openSync(path, 'r');
  readSync(file, head);
  closeSync(file);
  return /^(7f454c46|c[ef]faedfe|feedfac[ef]|cafebabe|4d5a)/.test(head.toString('hex'));
}

test('package, chart and licence say the same', async () => {
  const { version, license } = JSON.parse(await read('package.json'));
  const chart = parse(await read('deploy/chart/Chart.yaml'));
  expect(chart).toMatchObject({ version, appVersion: version });
  expect(license).toBe('Apache-2.0');
  expect(await read('LICENSE')).toContain('Apache License');
  expect(await read('CHANGELOG.md')).toMatch(/^## Unreleased$/m);
});
