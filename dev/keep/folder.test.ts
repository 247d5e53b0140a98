import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeFolder } from './folder.ts';

describe('the folder of a kept stack', () => {
  let parent: string;
  let folder: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'workspace-folder-test-'));
    folder = join(parent, 'stack');
  });
  afterEach(() => rm(parent, { recursive: true, force: true }));

  test('is one process’s at a time, and says whose', async () => {
    const other = spawn('sleep', ['60']);
    await takeFolder(folder, false);
    await writeFile(join(folder, 'pid'), String(other.pid));
    await expect(takeFolder(folder, false)).rejects.toThrow(`is in use by process ${other.pid}`);
    await expect(takeFolder(folder, true)).rejects.toThrow('is in use');
    const ended = new Promise((resolve) => other.once('exit', resolve));
    other.kill('SIGKILL');
    await ended;
    await takeFolder(folder, false);
    expect(await readFile(join(folder, 'pid'), 'utf8')).toBe(String(process.pid));
  });

  test('keeps what it holds, unless asked to begin afresh', async () => {
    const giveBack = await takeFolder(folder, false);
    await writeFile(join(folder, 'cluster.json'), '{}');
    await giveBack();
    await (await takeFolder(folder, false))();
    expect(await readdir(folder)).toContain('cluster.json');
    await takeFolder(folder, true);
    expect(await readdir(folder)).toEqual(['pid']);
  });

  test('that can’t be written to is said in a line, with what to do', async () => {
    await writeFile(join(parent, 'file'), '');
    await expect(takeFolder(join(parent, 'file', 'stack'), false)).rejects.toThrow(
      /\/file\/stack can't be written to \(ENOTDIR\): name another with --folder$/,
    );
  });

  test('is never emptied when it is not ours', async () => {
    await writeFile(join(parent, 'thesis.txt'), 'years');
    await expect(takeFolder(parent, true)).rejects.toThrow('no folder of ours');
    expect(await readdir(parent)).toEqual(['thesis.txt']);
  });
});
