import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMachine, type Machine, WAIT } from '../../test/support/programs/shellAgent.ts';

const AT = '2026-03-01T12:02:00Z';
const NOTICE = `{"action": "terminate", "time": "${AT}"}`;
const TOLD = { action: 'terminate', at: Date.parse(AT) };
const HOOK = `WORKSPACE_INTERRUPTION_HOOK='echo "$WORKSPACE_INTERRUPTION_ACTION $WORKSPACE_INTERRUPTION_AT $EDITOR" >>"$WORKSPACE_ROOT/farewell"'\n`;
const SOON = 'WORKSPACE_INTERRUPTION_POLL=1\n';

let machine: Machine;
let url: string;

beforeEach(async () => {
  machine = await createMachine();
  machine.metadata.lifeCycle = 'spot';
  machine.fixture.secrets.set('team/ada-env', new Map([['API_KEY', Buffer.from('a')]]));
  machine.fixture.put();
  ({ url } = await machine.fixture.gateway.start());
});
afterEach(() => machine.close());

const beats = async () => (await machine.find())?.seq ?? 0;
const farewell = () => machine.exists('farewell') && machine.read('farewell');

test('the agent reports a notice at once with a heartbeat, and runs the hook with the environment', async () => {
  machine.settings(HOOK + SOON);
  const child = machine.boot(url);
  await expect.poll(() => machine.find(), WAIT).toMatchObject({ fresh: true });
  expect(await machine.find()).not.toHaveProperty('interruption');
  machine.metadata.notice = NOTICE;
  await expect.poll(() => machine.find(), WAIT).toMatchObject({ interruption: TOLD });
  await expect.poll(farewell, WAIT).toBe(`terminate ${AT} vim\n`);
  expect(child.output()).toContain(`EC2 announces: terminate at ${AT}`);
});

test('the agent reports a notice at once, however long the heartbeat’s period is', async () => {
  machine.period(3_600);
  machine.settings(SOON);
  machine.boot(url);
  await expect.poll(beats, WAIT).toBe(1);
  machine.metadata.notice = NOTICE;
  await expect.poll(() => machine.find(), WAIT).toMatchObject({ seq: 2, interruption: TOLD });
});

test('the hook runs once for a notice: neither the next heartbeats nor a restart of the agent repeat it', async () => {
  machine.settings(HOOK + SOON);
  const first = machine.boot(url);
  await expect.poll(beats, WAIT).toBeGreaterThanOrEqual(1);
  machine.metadata.notice = NOTICE;
  await expect.poll(farewell, WAIT).toBe(`terminate ${AT} vim\n`);
  await machine.end(first);
  const again = machine.boot(url);
  await expect.poll(() => machine.find(), WAIT).toMatchObject({ boot: 2, interruption: TOLD });
  await expect.poll(beats, WAIT).toBeGreaterThanOrEqual(3);
  expect(again.output()).toContain('EC2 announces');
  expect(farewell()).toBe(`terminate ${AT} vim\n`);
});

test('the hook does not wait for a gateway that is away', async () => {
  machine.settings(HOOK + SOON);
  machine.boot(url);
  await expect.poll(beats, WAIT).toBeGreaterThanOrEqual(1);
  await machine.fixture.gateway.stop();
  machine.metadata.notice = NOTICE;
  await expect.poll(farewell, WAIT).toBe(`terminate ${AT} vim\n`);
});

test('a hook that hangs or fails keeps no heartbeat back', async () => {
  machine.settings(
    `${SOON}WORKSPACE_INTERRUPTION_HOOK='touch "$WORKSPACE_ROOT/farewell"; sleep 600; exit 1'\n`,
  );
  machine.metadata.notice = NOTICE;
  machine.boot(url);
  await expect.poll(farewell, WAIT).toBe('');
  const before = await beats();
  await expect.poll(beats, WAIT).toBeGreaterThan(before + 2);
});

test('a notice that can not be read is none, and is looked at again', async () => {
  machine.settings(HOOK + SOON);
  machine.metadata.notice = 'unavailable';
  machine.boot(url);
  await expect.poll(() => machine.metadata.looks, WAIT).toBeGreaterThanOrEqual(3);
  expect(await machine.find()).not.toHaveProperty('interruption');
  machine.metadata.notice = NOTICE;
  await expect.poll(() => machine.find(), WAIT).toMatchObject({ interruption: TOLD });
});

test('an On-Demand instance does not go on asking', async () => {
  machine.metadata.lifeCycle = 'on-demand';
  machine.settings(SOON);
  machine.boot(url);
  await expect.poll(beats, WAIT).toBeGreaterThanOrEqual(4);
  expect(machine.metadata.looks).toBe(0);
});
