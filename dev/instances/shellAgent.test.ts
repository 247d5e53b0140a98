import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readAgentFiles } from '../../src/agent/files.ts';
import { renderUserData } from '../../src/agent/userData.ts';
import { systemRandom } from '../../src/controller/lib/random.ts';
import { createVirtualClock, type VirtualClock } from '../../test/support/base/virtualClock.ts';
import { createGatewayFixture, type GatewayFixture, UID } from '../../test/support/gateway/gateway.ts';
import { startInstances, stopInstances } from '../ec2/actions/power.ts';
import { runInstances } from '../ec2/actions/run.ts';
import type { InstanceRecord } from '../ec2/base/model.ts';
import { type Ec2Server, startEc2 } from '../ec2/server.ts';
import { launchInput } from '../ec2/testing/launch.ts';
import { canRunShellInstances, createShellRuntime, needShellInstances } from './shellRuntime.ts';

const BOOT = 60_000;
const launchKey = { uid: UID, number: 1 };
let folder: string;
let clock: VirtualClock;
let cloud: Ec2Server;
let gateway: GatewayFixture;
let gatewayURL: string;

beforeEach(async () => {
  needShellInstances();
  folder = mkdtempSync(join(tmpdir(), 'instances-'));
  clock = createVirtualClock();
  cloud = await startEc2({
    clock,
    random: systemRandom,
    region: 'eu-test-1',
    timings: { visibilityLag: [0, 0], readLag: [0, 0] },
    instanceRuntime: createShellRuntime({
      folder,
      clock,
      random: systemRandom,
      logger: { error: (entry: unknown) => expect(entry).toBeUndefined() },
    }),
  });
  gateway = await createGatewayFixture({
    trustedCertificates: [cloud.identityCertificatePEM],
    agent: { present: readAgentFiles(), find: async () => undefined },
  });
  gateway.secrets.set('team/ada-env', new Map([['API_KEY', Buffer.from("it's\nsecret\n")]]));
  gatewayURL = (await gateway.gateway.start()).url;
});

afterEach(async () => {
  await cloud.stop();
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

function launch(): InstanceRecord {
  const ticket = gateway.ticket(1);
  const userData = renderUserData({
    stub: 1,
    gatewayURL,
    ticket,
    uid: UID,
    number: 1,
    classScript: 'echo class script ran',
  });
  const { instance } = runInstances(cloud.state, launchInput({ userData }));
  gateway.put((_, status) => {
    if (status.launch) status.launch.instanceID = instance.id;
  });
  return instance;
}

async function beaten(boot: number): Promise<void> {
  while ((await gateway.store.find(launchKey))?.boot !== boot) await wait(20);
}

it('the real stub and agent boot on an instance, prove themselves, and hold the environment; after a reboot too', async () => {
  const instance = launch();
  await clock.advance(BOOT);
  await beaten(1);
  const environment = readFileSync(join(folder, instance.id, 'run/workspace-agent/environment'), 'utf8');
  expect(environment).toContain("export API_KEY='it'\\''s\nsecret\n'");
  expect(instance.console).toContain('class script ran');
  expect(instance.console).not.toContain('secret');

  stopInstances(cloud.state, { ids: [instance.id], dryRun: false });
  await clock.advance(BOOT);
  startInstances(cloud.state, { ids: [instance.id], dryRun: false });
  await clock.advance(BOOT);
  await beaten(2);
});

it('a machine without curl says so', () => {
  expect(canRunShellInstances(folder)).toBe(false);
});
