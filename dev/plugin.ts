import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Plugin, rolldown } from 'rolldown';
import { stringify } from 'yaml';
import { readBuildInfo } from '../src/config/buildInfo.ts';
import { tarGz } from '../src/plugin/bundle/archive.ts';
import { readAssets } from '../src/plugin/dashboard/assets.ts';
import { krewManifest } from './krew/manifest.ts';

const ROOT = join(import.meta.dirname, '..');
const MAIN = join(ROOT, 'src', 'plugin', 'main.ts');
const ASSETS = join(ROOT, 'src', 'plugin', 'dashboard', 'assets.ts');
const NAME = 'kubectl-workspace';
/** It has no extension: where a folder above is of ES modules, Node would take it for one. */
const COMMONJS = '{"type":"commonjs"}\n';

/** The page's files as they are served, in the one file; Node 20 could not strip their types. */
const pageInside: Plugin = {
  name: 'page-inside',
  load: async (id) =>
    id === ASSETS
      ? `const ASSETS = ${JSON.stringify(await readAssets())};\nexport const readAssets = async () => ASSETS;`
      : null,
};

/** Writes `kubectl workspace` as one file that needs Node 20 and nothing else. */
export async function buildPlugin(file: string): Promise<void> {
  const { version } = readBuildInfo();
  const beside = join(dirname(file), 'package.json');
  if (existsSync(beside) && (await readFile(beside, 'utf8')) !== COMMONJS)
    throw new Error(`${beside} is of something else; name a file in a folder of its own`);
  const bundle = await rolldown({
    input: MAIN,
    platform: 'node',
    logLevel: 'warn',
    plugins: [pageInside],
    transform: { define: { 'process.env.WORKSPACE_PLUGIN_VERSION': JSON.stringify(version) } },
  });
  try {
    await mkdir(dirname(file), { recursive: true });
    await bundle.write({
      file,
      format: 'cjs',
      minify: true,
      banner: '#!/usr/bin/env node',
      codeSplitting: false,
    });
    await chmod(file, 0o755);
    await writeFile(beside, COMMONJS);
  } finally {
    await bundle.close();
  }
}

/** Writes the file, an archive of it for krew, and the manifest of that archive. @param uri where people get the archive */
export async function buildDistribution(
  folder: string,
  uri: string,
): Promise<{ archive: string; manifest: string }> {
  await buildPlugin(join(folder, NAME));
  const [archive, manifest] = [join(folder, `${NAME}.tar.gz`), join(folder, 'workspace.yaml')];
  const packed = tarGz([
    { path: NAME, content: await readFile(join(folder, NAME)), mode: 0o755 },
    { path: 'package.json', content: Buffer.from(COMMONJS), mode: 0o644 },
    { path: 'LICENSE', content: await readFile(join(ROOT, 'LICENSE')), mode: 0o644 },
  ]);
  await writeFile(archive, packed);
  const sha256 = createHash('sha256').update(packed).digest('hex');
  await writeFile(manifest, stringify(krewManifest({ version: readBuildInfo().version, uri, sha256 })));
  return { archive, manifest };
}

if (import.meta.main) {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { uri: { type: 'string', default: `https://localhost/${NAME}.tar.gz` } },
  });
  const [file] = positionals;
  if (file !== undefined) await buildPlugin(file);
  const folder = join('.dev', 'plugin');
  const { archive, manifest } = file === undefined ? await buildDistribution(folder, values.uri) : {};
  process.stdout.write(`${file ?? join(folder, NAME)}: put it on PATH, then: kubectl workspace --help\n`);
  if (archive !== undefined)
    process.stdout.write(`or: kubectl krew install --manifest=${manifest} --archive=${archive}\n`);
}
