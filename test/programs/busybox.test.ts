import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { findDebianProgram } from '../support/programs/debianPackage.ts';
import { environmentLaws } from '../support/programs/environmentLaws.ts';
import { lifeOfAgent } from '../support/programs/lifeOfAgent.ts';
import { needed } from '../support/programs/needed.ts';
import { applets } from '../support/programs/shells.ts';

const AGENT = join(import.meta.dirname, '../../src/agent/agent.sh');
const busybox = await needed(() => findDebianProgram('busybox', 'bin/busybox'));
/** Where every user may run it: the cache is its owner's alone. */
const open = await mkdtemp(join(tmpdir(), 'busybox-'));
const program = join(open, 'busybox');
if (busybox !== undefined) {
  await copyFile(busybox, program);
  await chmod(open, 0o755);
}
afterAll(() => rm(open, { recursive: true, force: true }));

describe.skipIf(!busybox)('the agent under busybox', () => {
  test('its shell reads the whole script', async () => {
    const { stderr } = await promisify(execFile)(`${busybox}`, ['sh', '-n', AGENT]);
    expect(stderr).toBe('');
  });

  if (busybox !== undefined) {
    lifeOfAgent('busybox', applets(program));
    environmentLaws('busybox', applets(program));
  }
});
