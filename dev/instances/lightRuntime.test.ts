import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { renderUserData } from '../../src/agent/userData.ts';
import { systemRandom } from '../../src/controller/lib/random.ts';
import { createTicket } from '../../src/gateway/access/credentials.ts';
import { createVirtualClock, type VirtualClock } from '../../test/support/base/virtualClock.ts';
import {
  CLUSTER,
  createGatewayFixture,
  type GatewayFixture,
  UID,
} from '../../test/support/gateway/gateway.ts';
import { startInstances, stopInstances, terminateInstances } from '../ec2/actions/power.ts';
import { runInstances } from '../ec2/actions/run.ts';
import type { InstanceRecord } from '../ec2/base/model.ts';
import { type Ec2Server, startEc2 } from '../ec2/server.ts';
import { launchInput } from '../ec2/testing/launch.ts';
import { parseBootConfig } from './bootConfig.ts';
import { createLightRuntime, type LightRuntime } from './lightRuntime.ts';

const BOOT = 30_000;
const PERIOD = 30_000;
let clock: VirtualClock;
let runtime: LightRuntime;
let cloud: Ec2Server;
let gateway: GatewayFixture;
let gatewayURL: string;
const failures: unknown[] = [];

beforeEach(async () => {
  clock = createVirtualClock();
  failures.length = 0;
  runtime = createLightRuntime({
    clock,
    random: systemRandom,
    logger: { error: (entry: unknown) => void failures.push(entry) },
  });
  cloud = await startEc2({
    clock,
    random: systemRandom,
    region: 'eu-test-1',
    timings: { visibilityLag: [0, 0], readLag: [0, 0] },
    instanceRuntime: runtime,
  });
  gateway = await createGatewayFixture({ trustedCertificates: [cloud.identityCertificatePEM] });
  gateway.secrets.set('team/ada-env', new Map([['API_KEY', Buffer.from('one')]]));
  gatewayURL = (await gateway.gateway.start()).url;
});

afterEach(async () => {
  await cloud.stop();
  await gateway.close();
  expect(failures).toEqual([]);
});

function launch(number = 1, spot = false): InstanceRecord {
  const claim = { clusterID: CLUSTER, uid: UID, number };
  const ticket = createTicket(gateway.keys.current('ticket'), claim);
  const userData = renderUserData({ stub: 1, gatewayURL, ticket, uid: UID, number, classScript: 'echo x' });
  const { instance } = runInstances(cloud.state, launchInput({ userData, spot }));
  gateway.put((_, status) => {
    if (status.launch === undefined) throw new Error('the fixture has a launch');
    status.launch.number = number;
    status.launch.instanceID = instance.id;
    if (number > 1) status.launch.cause = { kind: 'SecretChanged', ref: '2' };
  });
  return instance;
}

/** Sockets move in real time; the test's own limit ends a wait for what never comes. */
async function until<T>(look: () => T | undefined | false): Promise<T> {
  for (;;) {
    const found = look();
    if (found) return found;
    await wait(5);
  }
}
const reportOf = ({ id }: InstanceRecord) => runtime.reports().find((report) => report.instanceID === id);
const beats = (instance: InstanceRecord) => reportOf(instance)?.beats ?? 0;
const power = (id: string) => ({ ids: [id], dryRun: false });

it('bootstraps at the real gateway with its ticket and identity, and heartbeats by the clock', async () => {
  const instance = launch();
  await clock.advance(BOOT);
  await until(() => beats(instance) === 1);
  expect(reportOf(instance)).toMatchObject({
    number: 1,
    boot: 1,
    environment: { API_KEY: 'one', EDITOR: 'vim' },
    digest: gateway.workspaces.get('team/ada')?.status?.desired?.env,
    restarts: [],
  });
  await clock.advance(PERIOD);
  await until(() => beats(instance) === 2);
  const row = await gateway.store.find({ uid: UID, number: 1 });
  expect(row).toMatchObject({ boot: 1, seq: 2 });
});

it('gets the restart context until it has acknowledged it, and keeps it once', async () => {
  const instance = launch(2);
  await clock.advance(BOOT);
  for (let beat = 1; beat <= 3; beat += 1) {
    await until(() => beats(instance) === beat);
    await clock.advance(PERIOD);
  }
  expect(reportOf(instance)?.restarts).toMatchObject([{ cause: 'SecretChanged' }]);
});

it('comes again until the launch is known, and then stops for good when it is superseded', async () => {
  const instance = launch();
  gateway.workspaces.clear();
  await clock.advance(BOOT);
  await until(() => instance.console.includes('launch_unknown'));
  gateway.put((_, status) => {
    if (status.launch) status.launch.instanceID = instance.id;
  });
  await until(() => clock.pending() > 0);
  await clock.advance(60_000);
  await until(() => beats(instance) >= 1);
  gateway.put((_, status) => {
    if (status.launch) status.launch.number = 2;
  });
  await until(() => clock.pending() > 0);
  await clock.advance(PERIOD);
  await until(() => reportOf(instance)?.retired);
  expect(clock.pending()).toBe(0);
});

it('after a stop and a start it is the same agent in a newer boot, without its spent ticket', async () => {
  const instance = launch();
  await clock.advance(BOOT);
  await until(() => beats(instance) === 1);
  stopInstances(cloud.state, power(instance.id));
  await clock.advance(BOOT);
  expect(reportOf(instance)).toBeUndefined();
  startInstances(cloud.state, power(instance.id));
  await clock.advance(BOOT);
  await until(() => beats(instance) === 1);
  expect(await gateway.store.find({ uid: UID, number: 1 })).toMatchObject({ boot: 2, seq: 1 });
});

it('says nothing while held or silenced, nor after a crash or an end', async () => {
  runtime.controls.hold('*', true);
  const instance = launch();
  await clock.advance(BOOT + 600_000);
  expect(reportOf(instance)).toMatchObject({ beats: 0 });
  expect(await gateway.store.find({ uid: UID, number: 1 })).toBeUndefined();
  runtime.controls.hold('*', false);
  await until(() => beats(instance) === 1);

  runtime.controls.silence(instance.id, true);
  await until(() => clock.pending() > 0);
  await clock.advance(10 * PERIOD);
  expect(beats(instance)).toBe(1);
  runtime.controls.silence(instance.id, false);
  await until(() => beats(instance) === 2);

  runtime.controls.crash(instance.id);
  await clock.advance(10 * PERIOD);
  expect(beats(instance)).toBe(2);
  terminateInstances(cloud.state, power(instance.id));
  await clock.advance(BOOT);
  expect(clock.pending()).toBe(0);
});

it('on user data that is not the operator’s it stays away, and the console says why', async () => {
  const { instance } = runInstances(cloud.state, launchInput({ userData: '#!/bin/sh\necho hi\n' }));
  await clock.advance(BOOT);
  expect(instance.console).toContain('sets no WORKSPACE_GATEWAY');
  expect(runtime.reports()).toEqual([]);
});

it('reads from the stub exactly what was rendered into it', () => {
  const input = {
    stub: 1 as const,
    gatewayURL: "https://gate'way:8443",
    ticket: 't1.k1.x',
    uid: "it's \\ $odd",
    number: 42,
    caBundle: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
    classScript: "WORKSPACE_UID='other'\n",
  };
  const { stub: _stub, classScript: _script, ...expected } = input;
  expect(parseBootConfig(renderUserData(input))).toEqual(expected);
});

it('on Spot it reports an interruption within seconds, at any period, and once it stands in every heartbeat', async () => {
  const instance = launch(1, true);
  await clock.advance(BOOT);
  await until(() => beats(instance) === 1 && clock.pending() > 0);
  cloud.faults.interrupt(instance.id);
  await clock.advance(5_000);
  await until(() => beats(instance) === 2);
  const at = instance.interruption?.at ?? 0;
  const notice = { action: 'terminate', at: Math.floor(at / 1_000) * 1_000 };
  expect(await gateway.store.find({ uid: UID, number: 1 })).toMatchObject({ seq: 2, interruption: notice });
  await until(() => clock.pending() > 1);
  await clock.advance(PERIOD);
  await until(() => beats(instance) === 3);
  expect(await gateway.store.find({ uid: UID, number: 1 })).toMatchObject({ seq: 3, interruption: notice });
});
