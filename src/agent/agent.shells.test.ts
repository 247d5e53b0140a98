import { execFileSync } from 'node:child_process';
import { accessSync, constants, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createMachine, type Machine, WAIT } from '../../test/support/shellAgent.ts';

const AT = '2026-03-01T12:02:00Z';

type Shell = [name: string, programs: Readonly<Record<string, string>>];

const OWN = realpathSync(find('sh') ?? '/bin/sh');

/** This machine's sh, and what else an image may have in its place as far as it is here, with what comes with it. */
const SHELLS: readonly Shell[] = [
  [OWN, {}],
  ...['dash', 'bash', 'busybox'].flatMap((name): Shell[] => {
    const program = find(name);
    if (program === undefined || realpathSync(program) === OWN) return [];
    return [[name, name === 'busybox' ? applets(program) : { sh: program }]];
  }),
];

describe.each(SHELLS)('under %s', (_name, programs) => {
  let machine: Machine;
  beforeEach(async () => {
    machine = await createMachine();
    machine.install(programs);
  });
  afterEach(() => machine.close());

  test('the agent binds its environment, takes in its restart, hears of its interruption, and retires', async () => {
    const { fixture, metadata } = machine;
    const value = Buffer.from("it's\n'#\nüñí \\ $x\n\n");
    fixture.secrets.set('team/ada-env', new Map([['API_KEY', value]]));
    fixture.put((_workspace, status) => {
      if (status.launch) status.launch.cause = { kind: 'Interrupted', ref: '1' };
    });
    metadata.lifeCycle = 'spot';
    machine.settings(
      `WORKSPACE_COMMAND='printf %s "$API_KEY" >"$WORKSPACE_ROOT/api-key"; sleep 600'
WORKSPACE_RESTART_HOOK='printf %s "$WORKSPACE_RESTART_CAUSE" >"$WORKSPACE_ROOT/restarted"'
WORKSPACE_INTERRUPTION_HOOK='printf %s "$WORKSPACE_INTERRUPTION_AT" >"$WORKSPACE_ROOT/farewell"'
WORKSPACE_INTERRUPTION_POLL=1
`,
    );
    const { url } = await fixture.gateway.start();
    const child = machine.boot(url);
    const exited = new Promise((resolve) => child.once('exit', resolve));
    await expect.poll(() => machine.find(), WAIT).toMatchObject({ boot: 1, acknowledged: true });
    metadata.notice = `{"action":"terminate","time":"${AT}"}`;
    await expect
      .poll(() => machine.find(), WAIT)
      .toMatchObject({ interruption: { action: 'terminate', at: Date.parse(AT) } });
    await expect.poll(() => machine.exists('farewell') && machine.read('farewell'), WAIT).toBe(AT);
    expect(machine.read('api-key')).toBe(value.toString());
    expect(machine.read('restarted')).toBe('Interrupted');
    fixture.put((_workspace, status) => {
      if (status.launch) status.launch.number = 2;
    });
    expect(await exited).toBe(0);
    expect(child.output()).toContain('launch 1 is over');
  });
});

function find(program: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Everything that it has, as in an image that has nothing else (but curl). */
function applets(busybox: string): Record<string, string> {
  const names = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  return Object.fromEntries(names.map((name) => [name, busybox]));
}
