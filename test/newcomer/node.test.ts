import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CHECKOUT, PATH_OUTSIDE, type, whyNot } from './place.ts';
import { HERE } from './places.ts';

interface RequireNode {
  whatToDo(root: string, version: string): string | undefined;
}
const { whatToDo }: RequireNode = createRequire(import.meta.url)('../../src/requireNode.cjs');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'workspace-node-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function put(root: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

/** What npm ci leaves there, as far as it is looked at. */
async function install(root: string, { node }: { node: boolean }): Promise<void> {
  await put(root, 'node_modules/commander/package.json', '{"main":"index.js"}');
  await put(root, 'node_modules/commander/index.js', '');
  if (node) await put(root, 'node_modules/node/bin/node', '');
}

describe('before anything else is loaded, Node itself', () => {
  test.each(['24.0.0', '24.21.0', '25.1.0', '100.0.0'])('%s is good', (version) => {
    expect(whatToDo(CHECKOUT, version)).toBeUndefined();
  });

  test.each(['8.17.0', '18.20.8', '20.20.2', '22.18.0', '23.11.0'])(
    '%s gets the advice to start through npm, which brings its own',
    (version) => {
      expect(whatToDo(CHECKOUT, version)).toBe(
        `Node 24 is needed and this is ${version}: start it through npm (npm run, npm test, npx), which finds the one that npm ci installed`,
      );
    },
  );

  test('gets a message about missing packages, with any version', () => {
    for (const version of ['20.20.2', '24.21.0'])
      expect(whatToDo(folder, version)).toBe('the packages are not installed: run npm ci');
  });

  test('gets a message if npm ran no scripts, or left development packages out', async () => {
    await install(folder, { node: false });
    expect(whatToDo(folder, '22.19.0')).toMatch(/run npm ci --include=dev --ignore-scripts=false$/);
    expect(whatToDo(folder, '24.21.0')).toBeUndefined();
  });

  test('gets a message about a path that PATH can’t hold', async () => {
    const root = join(folder, 'a:b');
    await install(root, { node: true });
    expect(whatToDo(root, '20.20.2')).toMatch(/the path of this folder has a :: move it to another path$/);
    expect(whatToDo(root, '24.21.0')).toBeUndefined();
  });
});

test('every script that starts Node has it checked first', async () => {
  const { scripts } = JSON.parse(await readFile(join(CHECKOUT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const starting = Object.entries(scripts).filter(([, script]) => /\b(node|vitest)\b/.test(script));
  expect(starting.length).toBeGreaterThan(8);
  expect(
    starting.filter(([, script]) => !/^node -r \.\/(dev\/preflight|src\/requireNode)\.cjs /.test(script)),
  ).toEqual([]);
});

test.each([
  ['relative', 'is relative: give the whole path'],
  ['/nowhere/at/all', "can't be used (ENOENT): set it to a folder that you can write to"],
])('a TMPDIR of %s is said in a line', (TMPDIR, why) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['-r', './dev/preflight.cjs', 'dev/main.ts'],
    {
      cwd: CHECKOUT,
      env: { TMPDIR },
      encoding: 'utf8',
    },
  );
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr: `Can't start: TMPDIR=${TMPDIR} ${why}.\n`,
  });
});

test('a path that Vite can’t take is said in a line, by the tests alone', async () => {
  const root = join(folder, 'C#');
  await install(root, { node: true });
  for (const file of ['src/requireNode.cjs', 'dev/preflight.cjs'])
    await put(root, file, await readFile(join(CHECKOUT, file), 'utf8'));
  for (const program of ['vitest.mjs', 'main.mjs']) await put(root, program, 'console.log("started")');
  const run = (program: string) =>
    spawnSync(process.execPath, ['-r', './dev/preflight.cjs', program], {
      cwd: root,
      env: { TMPDIR: folder },
      encoding: 'utf8',
    });
  expect(run('main.mjs').stdout).toBe('started\n');
  const { status, stdout, stderr } = run('vitest.mjs');
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^Can't start: the tests can't run in .*\/C#, .*: move it to another path\.\n$/);
});

describe('the Node outside', () => {
  const outside = spawnSync('node', ['--version'], {
    env: { PATH: PATH_OUTSIDE },
    encoding: 'utf8',
  }).stdout?.trim();

  test('starts npm, and npm starts the one that runs the rest', async (context) => {
    const reason = whyNot(HERE);
    if (reason !== undefined) {
      process.stderr.write(`Not tried: Node ${outside} outside, as ${reason}.\n`);
      context.skip(reason);
    }
    const demo = await type(HERE, folder, ['npm', 'run', '--silent', 'demo', '--', '--help']);
    expect(await demo.ended, demo.output()).toBe(0);
    expect(demo.output()).toContain('--naive');
  });

  test('without npm says in a line what to do where it is too old', async () => {
    for (const entry of [
      ['./dev/preflight.cjs', 'dev/main.ts'],
      ['./src/requireNode.cjs', 'src/main.ts'],
    ]) {
      const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
        execFile(
          'node',
          ['-r', ...entry, '--help'],
          { cwd: CHECKOUT, env: { PATH: PATH_OUTSIDE } },
          (_error, out, err) => resolve({ stdout: out, stderr: err }),
        );
      });
      if (outside !== undefined && Number(outside.slice(1).split('.')[0]) >= 24)
        expect(stdout).toContain('Usage:');
      else
        expect(stderr).toMatch(
          /^Can't start: Node 24 is needed and this is [^\n]+: start it through npm [^\n]+\n$/,
        );
    }
  });
});
