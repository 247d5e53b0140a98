import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMachine, type Machine, WAIT } from './shellAgent.ts';
import type { Programs } from './shells.ts';

const AT = '2026-03-01T12:02:00Z';

/** A launch's whole life. For a `describe` of the shell. */
export function lifeOfAgent(_name: string, programs: Programs): void {
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
}
