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
const find = (number = 1) => fixture.store.find({ uid: UID, number });
const distrusted = async () =>
  (await fixture.registry.getSingleMetric('gateway_handshakes_distrusted_total')?.get())?.values[0]?.value;
const refusals = () => fixture.logs.filter((line) => line.includes('gateway.handshake_refused'));

beforeEach(async () => {
  const [mine, others] = [await createServerCertificate(), await createServerCertificate()];
  fixture = await createGatewayFixture({ tls: { cert: mine.certPEM, key: mine.keyPEM } });
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
  fixture.put((_, status) => {
    if (status.instance) status.instance.privateIP = '127.0.0.1';
  });
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
