import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pythonWith } from './environment.ts';

let folder: string;
let lines: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'moto-'));
  lines = [];
});
afterEach(() => rm(folder, { recursive: true }));

const log = (line: string) => void lines.push(line);
const cached = () => readdir(join(folder, 'workspace-operator', 'moto'));

/** A python3 that notes what it is asked, and makes a virtual environment whose Python answers with `status`. */
async function putPython(status: number): Promise<string> {
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  const inner = `#!/bin/sh\necho "$@" >>${folder}/asked\necho "no such index" >&2\nexit ${status}\n`;
  await writeFile(join(folder, 'inner'), inner);
  const outer = `#!/bin/sh\necho "$@" >>${folder}/asked\nmkdir -p "$3/bin"\ncp ${folder}/inner "$3/bin/python"\nchmod +x "$3/bin/python"\n`;
  await writeFile(join(bin, 'python3'), outer);
  await chmod(join(bin, 'python3'), 0o755);
  return [bin, '/usr/bin', '/bin'].join(delimiter);
}

test('without Python the error says what is missing and what to do, and leaves nothing', async () => {
  const env = { PATH: join(folder, 'empty'), XDG_CACHE_HOME: folder };
  await expect(pythonWith('moto', log, env)).rejects.toThrow(
    "moto can't be installed: python3 is not on the PATH; install Python 3.10 or later with venv and pip",
  );
  expect(lines).toEqual([expect.stringContaining(folder)]);
  expect(await cached()).toEqual([]);
});

test('where pip fails the error has its words and the next step, and leaves nothing', async () => {
  const env = { PATH: await putPython(1), XDG_CACHE_HOME: folder };
  await expect(pythonWith('moto', log, env)).rejects.toThrow(
    /ended with 1; see whether PyPI.*\nno such index/s,
  );
  expect(await cached()).toEqual([]);
});

test('it is installed once, and found afterwards', async () => {
  const env = { PATH: await putPython(0), XDG_CACHE_HOME: folder };
  const python = await pythonWith('moto', log, env);
  expect(await pythonWith('moto', log, env)).toBe(python);
  expect(lines).toHaveLength(1);
});

test('one that was removed from the cache is installed again', async () => {
  const env = { PATH: await putPython(0), XDG_CACHE_HOME: folder };
  await rm(await pythonWith('moto', log, env));
  const again = await pythonWith('moto', log, env);
  expect(lines).toHaveLength(2);
  expect(await pythonWith('moto', log, env)).toBe(again);
});
