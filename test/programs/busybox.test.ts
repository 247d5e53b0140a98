import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { findDebianProgram } from '../support/programs/debianPackage.ts';
import { needed } from '../support/programs/needed.ts';

const AGENT = join(import.meta.dirname, '../../src/agent/agent.sh');
const busybox = await needed(() => findDebianProgram('busybox', 'bin/busybox'));

describe.skipIf(!busybox)('the agent under busybox', () => {
  test('its shell reads the whole script', async () => {
    const { stderr } = await promisify(execFile)(`${busybox}`, ['sh', '-n', AGENT]);
    expect(stderr).toBe('');
  });
});
