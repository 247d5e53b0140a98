// Runs the tests again and again and counts failures by test: `npm run test:repeat -- --times 10 --busy 4 -- --project timed`.
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { finished } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';

const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const { values, positionals } = parseArgs({
  options: {
    /** How often. */
    times: { type: 'string', default: '10' },
    /** Processes that only burn CPU meanwhile. */
    busy: { type: 'string', default: '0' },
  },
  allowPositionals: true,
});
const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

/** What failed in one run: tests, files that did not load, or the run itself. */
async function failures(file: string, code: number | null): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return [`the run ended with ${code} and without a report`];
  const failed = report
    .parse(JSON.parse(text))
    .testResults.flatMap(({ name: path, status, assertionResults }) => {
      const name = relative(process.cwd(), path);
      const tests = assertionResults
        .filter((it) => it.status === 'failed')
        .map((it) => `${name}: ${it.fullName}`);
      return status === 'failed' && tests.length === 0 ? [`${name}: as a whole`] : tests;
    });
  return failed.length === 0 && code !== 0 ? [`the run ended with ${code} though no test failed`] : failed;
}

async function runOnce(folder: string, index: number): Promise<string[]> {
  const json = join(folder, `${index}.json`);
  const log = createWriteStream(join(folder, `${index}.log`));
  const args = ['run', ...positionals, '--reporter=default', '--reporter=json', `--outputFile.json=${json}`];
  const child = spawn(process.execPath, [VITEST, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PROPERTY_SEED: String(index) },
  });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  log.end();
  await finished(log);
  return failures(json, code);
}

const folder = await mkdtemp(join(tmpdir(), 'workspace-repeat-'));
const busy = Array.from(
  { length: Number(values.busy) },
  (): ChildProcess => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
);
process.on('exit', () => {
  for (const child of busy) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const counts = new Map<string, number[]>();
for (let index = 1; index <= Number(values.times); index += 1) {
  const began = performance.now();
  const failed = await runOnce(folder, index);
  const seconds = Math.round((performance.now() - began) / 1_000);
  for (const name of failed) counts.set(name, [...(counts.get(name) ?? []), index]);
  const load = loadavg()[1]?.toFixed(1);
  console.log(`run ${index}: ${failed.length} failed, ${seconds} s, load ${load}`);
}
for (const [name, runs] of [...counts].sort(([, a], [, b]) => b.length - a.length))
  console.log(`${runs.length} of ${values.times}: ${name} (runs ${runs.join(', ')})`);
console.log(`${counts.size} tests failed at least once; output and timelines: ${folder}`);
process.exitCode = counts.size > 0 ? 1 : 0;
process.exit();
