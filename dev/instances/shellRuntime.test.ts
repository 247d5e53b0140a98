import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemRandom } from '../../src/controller/lib/random.ts';
import { createIdentityVerifier } from '../../src/gateway/access/identityDocument.ts';
import { createVirtualClock, type VirtualClock } from '../../test/support/base/virtualClock.ts';
import { startInstances, stopInstances, terminateInstances } from '../ec2/actions/power.ts';
import { runInstances } from '../ec2/actions/run.ts';
import type { InstanceRecord } from '../ec2/base/model.ts';
import type { InstanceRuntime } from '../ec2/instances/runtime.ts';
import { type Ec2Server, startEc2 } from '../ec2/server.ts';
import { launchInput } from '../ec2/testing/launch.ts';
import { createShellRuntime } from './shellRuntime.ts';

const WHILE = 60_000;
let folder: string;
let clock: VirtualClock;
let runtime: InstanceRuntime;
let cloud: Ec2Server;
const failures: unknown[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'instances-'));
  clock = createVirtualClock();
  failures.length = 0;
  const logger = { error: (entry: unknown) => void failures.push(entry) };
  runtime = createShellRuntime({ folder, clock, random: systemRandom, logger });
  cloud = await startEc2({
    clock,
    random: systemRandom,
    region: 'eu-central-1',
    timings: { visibilityLag: [0, 0], readLag: [0, 0] },
    instanceRuntime: runtime,
  });
});

afterEach(async () => {
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
  expect(failures).toEqual([]);
});

function launch(userData: string): InstanceRecord {
  return runInstances(cloud.state, launchInput({ userData: `#!/bin/sh\n${userData}` })).instance;
}
const power = (id: string) => ({ ids: [id], dryRun: false });
const file = (instance: InstanceRecord, name: string) => join(folder, instance.id, name);
const read = (instance: InstanceRecord, name: string) =>
  existsSync(file(instance, name)) ? readFileSync(file(instance, name), 'utf8') : '';

/** Real processes move in real time; the test's own limit ends a wait for what never comes. */
async function until<T>(look: () => T | undefined | false | ''): Promise<T> {
  for (;;) {
    const found = look();
    if (found) return found;
    await wait(10);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie, whose parent has yet to wait for it, is dead.
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

it('user data runs once the instance runs, in its own root, with nothing of the host around it', async () => {
  process.env.HOST_SECRET = 'of the host';
  const instance = launch('pwd >pwd; env >env; echo "hello from $WORKSPACE_ROOT"; echo oops >&2; exit 3\n');
  await clock.settle();
  expect(existsSync(file(instance, ''))).toBe(false);
  await clock.advance(WHILE);
  await until(() => instance.console.includes('user data ended with status 3'));
  delete process.env.HOST_SECRET;
  const root = join(folder, instance.id);
  expect(read(instance, 'pwd').trim()).toBe(root);
  expect(read(instance, 'env')).toContain(`WORKSPACE_ROOT=${root}\n`);
  expect(read(instance, 'env')).not.toContain('HOST_SECRET');
  expect(instance.console).toContain(`hello from ${root}\n`);
  expect(instance.console).toContain('oops\n');
});

it('its identity document, fetched by curl, proves it to a gateway that trusts the cloud', async () => {
  const instance = launch(`
    url=$AWS_EC2_METADATA_SERVICE_ENDPOINT
    token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $url/latest/api/token)
    curl -s -o /dev/null -w '%{http_code}' $url/latest/dynamic/instance-identity/document >unauthorized
    curl -s -o /dev/null -w '%{http_code}' -H "X-aws-ec2-metadata-token: $token" $url/latest/meta-data/spot/instance-action >spot
    curl -sf -H "X-aws-ec2-metadata-token: $token" $url/latest/dynamic/instance-identity/document >document
    curl -sf -H "X-aws-ec2-metadata-token: $token" $url/latest/dynamic/instance-identity/signature >signature
    curl -sf -H "X-aws-ec2-metadata-token: $token" $url/latest/user-data >copy
    touch done
  `);
  await clock.advance(WHILE);
  await until(() => existsSync(file(instance, 'done')));
  expect(read(instance, 'unauthorized')).toBe('401');
  expect(read(instance, 'spot')).toBe('404');
  expect(read(instance, 'copy')).toBe(instance.userData);
  const verify = createIdentityVerifier([cloud.identityCertificatePEM]);
  const signature = read(instance, 'signature');
  const document = readFileSync(file(instance, 'document'));
  expect(verify({ document, signature })).toMatchObject({ instanceId: instance.id, region: 'eu-central-1' });
  const forged = Buffer.from(document.toString().replace(instance.id, 'i-0123456789abcdef0'));
  expect(verify({ document: forged, signature })).toBeUndefined();
});

it('its metadata says whether it is Spot, and announces its interruption', async () => {
  const ask = 'curl -s -H "X-aws-ec2-metadata-token: $token" $url/latest/meta-data';
  const script = `#!/bin/sh
    url=$AWS_EC2_METADATA_SERVICE_ENDPOINT
    token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $url/latest/api/token)
    ${ask}/instance-life-cycle >kind
    while ! ${ask}/spot/instance-action -f >notice; do sleep 0.1; done
    ${ask}/spot/termination-time >time
    touch done\n`;
  const { instance } = runInstances(cloud.state, launchInput({ userData: script, spot: true }));
  await clock.advance(WHILE);
  await until(() => read(instance, 'kind'));
  expect(read(instance, 'kind')).toBe('spot');
  cloud.faults.interrupt(instance.id);
  await until(() => existsSync(file(instance, 'done')));
  const time = read(instance, 'time');
  expect(time).toBe(`${new Date(instance.interruption?.at ?? 0).toISOString().slice(0, 19)}Z`);
  expect(JSON.parse(read(instance, 'notice'))).toEqual({ action: 'terminate', time });
});

it('everything it started is gone before EC2 says terminated, and its disk with it', async () => {
  const instance = launch(
    `trap '' TERM; (trap '' TERM; echo $$ >/dev/null; sleep 1000) & echo $! >deep; echo $$ >self; wait\n`,
  );
  await clock.advance(WHILE);
  const deep = Number(await until(() => read(instance, 'deep').trim()));
  const self = Number(await until(() => read(instance, 'self').trim()));
  expect([isAlive(deep), isAlive(self)]).toEqual([true, true]);
  terminateInstances(cloud.state, power(instance.id));
  await clock.advance(WHILE);
  await until(() => !isAlive(deep) && !isAlive(self));
  await until(() => !existsSync(file(instance, '')));
});

it('a program on the instance may end on its own when asked to', async () => {
  const instance = launch(`trap 'echo goodbye; exit 0' TERM; touch up; while :; do sleep 0.05; done\n`);
  await clock.advance(WHILE);
  await until(() => existsSync(file(instance, 'up')));
  stopInstances(cloud.state, power(instance.id));
  await until(() => instance.console.includes('goodbye'));
});

it('stopped and started it boots again on the same disk', async () => {
  const instance = launch('echo boot >>boots; sleep 1000\n');
  await clock.advance(WHILE);
  await until(() => read(instance, 'boots') === 'boot\n');
  stopInstances(cloud.state, power(instance.id));
  await clock.advance(WHILE);
  startInstances(cloud.state, power(instance.id));
  await clock.advance(WHILE);
  await until(() => read(instance, 'boots') === 'boot\nboot\n');
});

it('a hold set before the launch keeps it from booting until released', async () => {
  runtime.controls.hold('*', true);
  const held = launch('touch up; sleep 1000\n');
  await clock.advance(WHILE);
  await until(() => held.console.includes('boots (1)'));
  expect(existsSync(file(held, 'up'))).toBe(false);
  runtime.controls.hold('*', false);
  await until(() => existsSync(file(held, 'up')));
});

it('a silenced agent does nothing and goes on later; a crashed one stays away', async () => {
  const instance = launch('while :; do echo . >>beats; sleep 0.02; done\n');
  await clock.advance(WHILE);
  await until(() => read(instance, 'beats').length > 4);
  runtime.controls.silence(instance.id, true);
  await wait(50);
  const silent = read(instance, 'beats');
  await wait(200);
  expect(read(instance, 'beats')).toBe(silent);
  runtime.controls.silence(instance.id, false);
  await until(() => read(instance, 'beats').length > silent.length);
  runtime.controls.crash(instance.id);
  await wait(50);
  const crashed = read(instance, 'beats');
  await wait(200);
  expect(read(instance, 'beats')).toBe(crashed);
  expect(instance.phases.at(-1)?.state).toBe('running');
});
