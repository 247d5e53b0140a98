import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { pythonWith } from '../python/environment.ts';

const FOLDER = join(import.meta.dirname, '../../deploy/iam');

let program: string;
beforeAll(async () => {
  program = join(dirname(await pythonWith('cfn-lint', (line) => console.error(line))), 'cfn-lint');
});

/** What cfn-lint finds, warnings included; '' where it finds nothing. */
async function findings(file: string): Promise<string> {
  const lint = promisify(execFile)(program, ['--', file]);
  return lint.then(
    ({ stdout }) => stdout,
    (error: { stdout?: string; message: string }) => error.stdout || error.message,
  );
}

describe('CloudFormation templates', () => {
  test('cfn-lint finds nothing in them', async () => {
    const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.yaml'));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect([file, await findings(join(FOLDER, file))]).toEqual([file, '']);
  });

  test('cfn-lint finds a property that AWS does not know', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'iam-'));
    try {
      const text = await readFile(join(FOLDER, 'instance.yaml'), 'utf8');
      const broken = join(folder, 'broken.yaml');
      await writeFile(broken, text.replace('      Policies:', '      InlinePolicies:'));
      expect(await findings(broken)).toContain("'InlinePolicies' was unexpected");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
