import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';

const MAIN = join(import.meta.dirname, '..', 'src', 'plugin', 'main.ts');

/** Writes `kubectl workspace` as one file that needs Node 20 and nothing else. */
export async function buildPlugin(file: string): Promise<void> {
  const bundle = await rolldown({ input: MAIN, platform: 'node', logLevel: 'warn' });
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
    // It has no extension: where a folder above is of ES modules, Node would take it for one.
    await writeFile(join(dirname(file), 'package.json'), '{"type":"commonjs"}\n');
  } finally {
    await bundle.close();
  }
}

if (import.meta.main) {
  const file = process.argv[2] ?? join('.dev', 'plugin', 'kubectl-workspace');
  await buildPlugin(file);
  process.stdout.write(`${file}: put it on PATH, then: kubectl workspace --help\n`);
}
