import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DevCommand, processesNaming, runDevCommand } from '../support/programs/devCommand.ts';

// The story as a newcomer sees it is in newcomer/.
describe('npm run demo', { timeout: 120_000 }, () => {
  let folder: string;
  let present: DevCommand | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'workspace-demo-test-'));
    // Postgres may run as another user.
    await chmod(folder, 0o755);
  });
  afterEach(async () => {
    present?.child.kill('SIGKILL');
    await present?.ended;
    await rm(folder, { recursive: true, force: true });
  });

  function run(...args: string[]): DevCommand {
    present = runDevCommand(['demo', '--speed', '12', ...args], folder);
    return present;
  }

  /** No file, no operator, and no process whose command line names the folder. */
  async function nothingIsLeft(operator: number | undefined): Promise<void> {
    expect(await readdir(folder)).toEqual([]);
    if (operator !== undefined) expect(() => process.kill(operator, 0)).toThrow('ESRCH');
    expect(await processesNaming(folder)).toEqual([]);
  }

  test('--naive shows what the same probes cost the old way, by the same books', async () => {
    const demo = run('--naive');
    expect(await demo.ended, demo.output()).toBe(0);
    const [, operator, old] = /RunInstances accepted +(\d+) +(\d+)/.exec(demo.output()) ?? [];
    expect(Number(operator)).toBe(1);
    // The change's own, and one for each of the four that were worried.
    expect(Number(old)).toBe(5);
    await nothingIsLeft(pidIn(demo.output()));
  });

  test('Ctrl-C in the middle of a launch leaves nothing behind', async () => {
    const demo = run();
    await demo.says(/is pending/);
    // Twice, as npm passes on what the terminal has sent already.
    demo.child.kill('SIGINT');
    demo.child.kill('SIGINT');
    expect(await demo.ended).toBe(130);
    expect(demo.output()).not.toContain('Verdict');
    await nothingIsLeft(pidIn(demo.output()));
  });

  test('leaves nothing behind when its output has no reader either', async () => {
    const demo = run();
    await demo.says(/is pending/);
    demo.child.stdout?.destroy();
    expect(await demo.ended).toBe(130);
    await nothingIsLeft(pidIn(demo.output()));
  });

  test('Ctrl-C while it starts leaves nothing behind', async () => {
    const demo = run();
    await demo.says(/A database, a cluster and a cloud/);
    demo.child.kill('SIGINT');
    expect(await demo.ended).toBe(130);
    await nothingIsLeft(pidIn(demo.output()));
  });
});

function pidIn(output: string): number | undefined {
  const pid = /pid (\d+) leads/.exec(output)?.[1];
  return pid === undefined ? undefined : Number(pid);
}
