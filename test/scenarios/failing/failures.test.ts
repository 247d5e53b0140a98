import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';

const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const ROOT = join(import.meta.dirname, '..', '..', '..');

describe('a scenario that fails', () => {
  let output: string;
  beforeAll(async () => {
    const args = [VITEST, 'run', '--config', 'vitest.failing.config.ts'];
    const options = { cwd: ROOT, env: { ...process.env, NO_COLOR: '1' } };
    output = await new Promise((resolve) =>
      execFile(process.execPath, args, options, (_error, stdout, stderr) => resolve(stdout + stderr)),
    );
  });

  test('says what it waited for, and what there is instead', () => {
    expect(output).toMatch(/waited 0\.1 s in vain until it rains; there is:\s+the first as it is\n/);
  });

  test('prints the timeline of its own scene, though others run at the same time', () => {
    expect(output).toContain('What happened in the scene of “waits in vain”:\nthe first as it went\n\n');
    expect(output).toContain('What happened in the scene of “expects in vain”:\nthe second as it went\n\n');
  });

  test('prints the timeline of a scene that could not be set up', () => {
    expect(output).toContain('“a scene that cannot be set up”:\nthe shared one as it went');
  });

  test('prints nothing of those that hold', () => {
    expect(output).toContain('2 failed | 1 passed');
    expect(output).not.toContain('the third');
  });
});
