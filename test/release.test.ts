import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
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

test('package, chart and licence say the same', async () => {
  const { version, license } = JSON.parse(await read('package.json'));
  const chart = parse(await read('deploy/chart/Chart.yaml'));
  expect(chart).toMatchObject({ version, appVersion: version });
  expect(license).toBe('Apache-2.0');
  expect(await read('LICENSE')).toContain('Apache License');
  expect(await read('CHANGELOG.md')).toMatch(/^## Unreleased$/m);
});
