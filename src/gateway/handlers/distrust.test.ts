import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createServerCertificate } from '../../../dev/apiserver/transport/certificates.ts';
import { createGatewayFixture, type GatewayFixture, UID } from '../../../test/support/gateway/gateway.ts';

let fixture: GatewayFixture;
let folder: string;
let url: string;
/** As a database that is away. */
let isAway = false;
const find = (number = 1) => fixture.store.find({ uid: UID, number });
const distrusted = async () =>
  (await fixture.registry.getSingleMetric('gateway_handshakes_distrusted_total')?.get())?.values[0]?.value;
const linesWith = (text: string) => fixture.logs.filter((line) => line.includes(text));
const refusals = () => linesWith('gateway.handshake_refused');
const putBooting = () =>
  fixture.put((_, status) => {
    if (status.instance) status.instance.privateIP = '127.0.0.1';
  });

beforeEach(async () => {
  const [mine, others] = [await createServerCertificate(), await createServerCertificate()];
  isAway = false;
  fixture = await createGatewayFixture({
    tls: { cert: mine.certPEM, key: mine.keyPEM },
    wrapStore: (store) => ({
      ...store,
      async recordTrouble(...args) {
        if (isAway) throw new Error('the database is away');
        await store.recordTrouble(...args);
      },
    }),
  });
  folder = await mkdtemp(join(tmpdir(), 'distrust-'));
  await writeFile(join(folder, 'ca.pem'), others.caPEM);
  url = (await fixture.gateway.start()).url.replace('127.0.0.1', 'localhost');
});
afterEach(async () => {
  await fixture.close();
  await rm(folder, { recursive: true });
});

/** As the boot stub asks for the agent, with the CA bundle of another authority. */
async function boot(): Promise<void> {
  const before = (await distrusted()) ?? 0;
  const args = ['-q', '-sS', '-4', '--cacert', join(folder, 'ca.pem'), `${url}/v1/agent`];
  await expect(promisify(execFile)('curl', args)).rejects.toMatchObject({ code: 60 });
  await expect.poll(distrusted, { timeout: 10_000 }).toBe(before + 1);
}

test('an instance whose CA bundle does not match is shown by its address from its first boot on', async () => {
  putBooting();
  await boot();
  await expect.poll(async () => (await find())?.trouble, { timeout: 10_000 }).toBe('GatewayDistrusted');
  const version = (await find())?.version;
  await boot();
  expect((await find())?.version).toBe(version);
  expect(refusals()).toHaveLength(1);
  expect(JSON.parse(refusals()[0] ?? '')).toMatchObject({
    namespace: 'team',
    name: 'ada',
    number: 1,
    address: '127.0.0.1',
  });
});

test('a note that was not stored is tried at the next handshake, and both are logged once', async () => {
  putBooting();
  isAway = true;
  for (const _ of [1, 2]) {
    await boot();
    await expect.poll(() => linesWith('distrust not stored'), { timeout: 10_000 }).toHaveLength(1);
  }
  expect(await find()).toBeUndefined();
  isAway = false;
  await boot();
  await expect.poll(async () => (await find())?.trouble, { timeout: 10_000 }).toBe('GatewayDistrusted');
  expect([refusals(), linesWith('distrust not stored')].map((lines) => lines.length)).toEqual([1, 1]);
});

test('an address that was of no instance yet, or of another one, is noted as soon as it identifies one', async () => {
  await boot();
  expect(await find()).toBeUndefined();
  const workspace = putBooting();
  await boot();
  await expect.poll(async () => (await find())?.trouble, { timeout: 10_000 }).toBe('GatewayDistrusted');
  if (workspace.status?.launch) workspace.status.launch.number = 2;
  await boot();
  await expect.poll(async () => (await find(2))?.trouble, { timeout: 10_000 }).toBe('GatewayDistrusted');
  expect(refusals().map((line) => JSON.parse(line).number)).toEqual([undefined, 1, 2]);
});

test('one whose address says nothing, or whose agent was heard, is counted and logged alone', async () => {
  fixture.put((_, status) => {
    if (status.instance) status.instance.privateIP = '127.0.0.1';
    if (status.launch) status.launch.readyAt = '2026-01-01T00:00:00.000Z';
  });
  await boot();
  expect(refusals()).toHaveLength(1);
  expect(JSON.parse(refusals()[0] ?? '')).not.toHaveProperty('name');
  expect(await find()).toBeUndefined();
});
