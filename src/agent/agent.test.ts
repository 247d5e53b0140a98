import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createServerCertificate } from '../../dev/apiserver/transport/certificates.ts';
import { createMachine, type Machine, WAIT } from '../../test/support/programs/shellAgent.ts';

const NASTY = Buffer.from(`it's "$HOME" \`x\` \\ #\n'#\nüñí ${'\t'}end\n\n`);

let machine: Machine;
let url: string;

beforeEach(async () => {
  machine = await createMachine();
  machine.fixture.secrets.set(
    'team/ada-env',
    new Map([
      ['API_KEY', NASTY],
      ['EMPTY', Buffer.alloc(0)],
    ]),
  );
});

afterEach(() => machine.close());

const boot = (over: Parameters<Machine['boot']>[1] = {}) => machine.boot(url, over);
const find = (number?: number) => machine.find(number);
const end = (...args: Parameters<Machine['end']>) => machine.end(...args);
const file = (name: string) => machine.file(name);
const settings = (text: string) => machine.settings(text);

describe('the agent under sh', () => {
  beforeEach(async () => {
    ({ url } = await machine.fixture.gateway.start());
  });

  test('boots from its user data, holds the environment byte for byte, and heartbeats', async () => {
    const { status } = machine.fixture.put();
    settings(
      `WORKSPACE_COMMAND='printf %s "$API_KEY" >"$WORKSPACE_ROOT/api-key"; env >"$WORKSPACE_ROOT/env"; sleep 60'\n`,
    );
    boot();
    await expect.poll(find, WAIT).toMatchObject({ boot: 1, fresh: true, env: status?.desired?.env });
    await expect.poll(async () => (await find())?.seq, WAIT).toBeGreaterThanOrEqual(3);
    await expect
      .poll(() => existsSync(file('api-key')) && readFileSync(file('api-key')), WAIT)
      .toEqual(NASTY);
    expect(readFileSync(file('env'), 'utf8')).toMatch(/^EMPTY=$/m);
    expect(readFileSync(file('env'), 'utf8')).toMatch(/^EDITOR=vim$/m);
    expect(statSync(file('run/workspace-agent/environment')).mode & 0o777).toBe(0o600);
    expect(statSync(file('var/lib/workspace-agent/authorization')).mode & 0o777).toBe(0o600);
    expect(existsSync(file('run/workspace-agent/environment.new'))).toBe(false);
  });

  test('a second boot binds again with its credential, and counts as newer', async () => {
    machine.fixture.put();
    const first = boot();
    await expect.poll(find, WAIT).toMatchObject({ boot: 1, fresh: true });
    await end(first);
    machine.fixture.secrets.set('team/ada-env', new Map([['API_KEY', Buffer.from('second')]]));
    const { status } = machine.fixture.put();
    boot();
    await expect.poll(find, WAIT).toMatchObject({ boot: 2, env: status?.desired?.env });
    expect(readFileSync(file('run/workspace-agent/environment'), 'utf8')).toContain(
      "export API_KEY='second'\n",
    );
  });

  test('stops for good when its launch is superseded, and its command with it', async () => {
    machine.fixture.put();
    settings(`WORKSPACE_COMMAND='echo $$ >"$WORKSPACE_ROOT/pid"; exec sleep 60'\n`);
    const child = boot();
    await expect.poll(find, WAIT).toMatchObject({ fresh: true });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    machine.fixture.put((_workspace, status) => {
      if (status.launch) status.launch.number = 2;
    });
    expect(await exited).toBe(0);
    expect(child.output()).toContain('launch 1 is over (superseded)');
    const pid = Number(readFileSync(file('pid'), 'utf8'));
    await expect.poll(() => isAlive(pid), WAIT).toBe(false);
    expect(await find(2)).toBeUndefined();
  });

  test('waits until its instance is recorded and the environment has settled', async () => {
    machine.fixture.put((_workspace, status) => {
      if (status.launch) delete status.launch.instanceID;
    });
    const child = boot();
    await expect.poll(child.output, WAIT).toContain('HTTP 503 instance_unknown; again in 1s');
    const wanted = machine.fixture.put();
    machine.fixture.secrets.set('team/ada-env', new Map([['API_KEY', Buffer.from('not yet')]]));
    await expect.poll(child.output, WAIT).toContain('HTTP 503 environment_unsettled; again in 1s');
    expect(await find()).toBeUndefined();
    machine.fixture.secrets.set(
      'team/ada-env',
      new Map([
        ['API_KEY', NASTY],
        ['EMPTY', Buffer.alloc(0)],
      ]),
    );
    await expect.poll(find, WAIT).toMatchObject({ fresh: true, env: wanted.status?.desired?.env });
  });

  test('takes in why it was restarted, retries a hook that fails, and acknowledges once it did not', async () => {
    settings(
      `WORKSPACE_RESTART_HOOK='echo "$WORKSPACE_RESTART_CAUSE $WORKSPACE_RESTART_CHANGED" >>"$WORKSPACE_ROOT/told"; [ "$(wc -l <"$WORKSPACE_ROOT/told")" -ge 2 ]'\n`,
    );
    machine.fixture.put((_workspace, status) => {
      if (status.launch) status.launch.cause = { kind: 'SecretChanged', ref: '1' };
      if (status.desired) status.desired.changed = ['ada-env/API_KEY'];
    });
    boot();
    await expect.poll(async () => (await find())?.acknowledged, WAIT).toBe(true);
    expect(readFileSync(file('told'), 'utf8')).toBe('SecretChanged ada-env/API_KEY\n'.repeat(2));
    expect(readFileSync(file('var/lib/workspace-agent/restart'), 'utf8')).toContain(
      `cause ${Buffer.from('SecretChanged').toString('base64')}\n`,
    );
  });

  test('sends what its workload wrote down: url and active tasks', async () => {
    machine.fixture.put();
    boot();
    await expect.poll(find, WAIT).toMatchObject({ fresh: true });
    writeFileSync(file('run/workspace-agent/url'), 'http://10.0.0.7:9000\n');
    writeFileSync(file('run/workspace-agent/active-tasks'), '4');
    await expect.poll(find, WAIT).toMatchObject({ url: 'http://10.0.0.7:9000' });
    const tasks = () => machine.fixture.database.query('SELECT active_tasks FROM workspace_launch');
    await expect.poll(tasks, WAIT).toEqual([{ active_tasks: 4 }]);
  });

  test('another instance with the same user data gets nothing', async () => {
    machine.fixture.put();
    machine.metadata.identity = machine.fixture.identity('i-0fffffffffffffff0');
    const child = boot();
    await expect.poll(child.output, WAIT).toContain('HTTP 403 identity_mismatch');
    expect(existsSync(file('run/workspace-agent/environment'))).toBe(false);
    expect(await find()).toBeUndefined();
  });

  test('the class script runs at the first boot only, with its own interpreter', async () => {
    machine.fixture.put();
    const classScript = `#!/bin/sh -e\necho "it's $0" >>"$WORKSPACE_ROOT/class"\necho WORKSPACE_URL=http://10.1.1.1 >"$WORKSPACE_ROOT/etc/workspace-agent/local"\n`;
    const first = boot({ classScript });
    await expect.poll(find, WAIT).toMatchObject({ boot: 1, fresh: true, url: 'http://10.1.1.1' });
    await end(first);
    boot({ classScript });
    await expect.poll(find, WAIT).toMatchObject({ boot: 2 });
    expect(readFileSync(file('class'), 'utf8')).toBe(
      `it's ${file('usr/local/lib/workspace-agent/class-script')}\n`,
    );
  });
});

test('an agent waits for its gateway, and outlives its absence without a new boot', async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  machine.fixture.put();
  const child = boot();
  await expect.poll(child.output, WAIT).toMatch(/curl: \(7\)/);

  const first = machine.fixture.another({ port });
  await first.start();
  await expect.poll(find, WAIT).toMatchObject({ fresh: true });
  await first.stop();
  await expect.poll(child.output, WAIT).toContain('heartbeat: HTTP 000');
  const before = await find();

  await machine.fixture.another({ port }).start();
  await expect.poll(async () => (await find())?.seq, WAIT).toBeGreaterThan((before?.seq ?? 0) + 1);
  expect(await find()).toMatchObject({ boot: 1 });
});

test('over TLS it talks to the gateway of its CA bundle, and to no other', async () => {
  const [ours, theirs] = await Promise.all([createServerCertificate(), createServerCertificate()]);
  machine.fixture.put();
  ({ url } = await machine.fixture.another({ tls: { cert: ours.certPEM, key: ours.keyPEM } }).start());
  expect(url).toMatch(/^https:/);
  const wary = boot({ caBundle: theirs.caPEM });
  await expect.poll(wary.output, WAIT).toMatch(/curl: \((35|60)\)/);
  expect(existsSync(file('usr/local/lib/workspace-agent/agent.sh'))).toBe(false);
  await end(wary, 'SIGKILL');
  boot({ caBundle: ours.caPEM });
  await expect.poll(find, WAIT).toMatchObject({ fresh: true });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie is dead: not every container has a first process that waits for orphans.
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
