import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createServerCertificate,
  type ServerCertificate,
} from '../../dev/apiserver/transport/certificates.ts';
import { createIdentityAuthority } from '../../dev/ec2/cloud/identity.ts';
import { recordingLogger } from '../../test/support/base/silentLogger.ts';
import { createVirtualClock } from '../../test/support/base/virtualClock.ts';
import { createGatewayFixture, type GatewayFixture } from '../../test/support/gateway/gateway.ts';
import { systemClock } from '../controller/lib/clock.ts';
import { parseCommandLine } from './commandLine.ts';
import { type FileNews, followConfigFiles, type LiveFiles } from './liveFiles.ts';

let folder: string;
let pairs: [ServerCertificate, ServerCertificate];
let documents: [string, string];
const open: { stop(): Promise<void> }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'workspace-files-'));
  pairs = [await createServerCertificate(), await createServerCertificate()];
  const authorities = [
    await createIdentityAuthority(systemClock),
    await createIdentityAuthority(systemClock),
  ];
  documents = authorities.map((it) => it.certificatePEM) as [string, string];
});
afterEach(async () => {
  for (const it of open.splice(0)) await it.stop();
  await rm(folder, { recursive: true });
});

/** As the kubelet mounts them: files that lead through ..data to a folder, which is swapped at once. */
async function mount(version: string, files: Record<string, string>): Promise<void> {
  await mkdir(join(folder, version));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, version, name), content);
  await symlink(version, join(folder, '..next'));
  await rename(join(folder, '..next'), join(folder, '..data'));
}

function files(which: 0 | 1, over: Record<string, string> = {}): Record<string, string> {
  const { certPEM, keyPEM, caPEM } = pairs[which];
  return { 'tls.crt': certPEM, 'tls.key': keyPEM, 'ca.crt': caPEM, 'ec2.pem': documents[which], ...over };
}

function settings() {
  const at = (name: string) => join(folder, '..data', name);
  const invocation = parseCommandLine(
    [
      ...['--gateway-tls-cert-file', at('tls.crt'), '--gateway-tls-key-file', at('tls.key')],
      ...['--gateway-ca-file', at('ca.crt'), '--gateway-identity-certificates-file', at('ec2.pem')],
    ],
    {
      AWS_REGION: 'eu-central-1',
      DATABASE_URL: 'postgres://localhost/x',
      WORKSPACE_GATEWAY_URL: 'https://gateway.example',
    },
  );
  if ('help' in invocation) throw new Error('help was asked for');
  return invocation.config;
}

async function follow() {
  const clock = createVirtualClock();
  const { logger, lines } = recordingLogger();
  const registry = new Registry();
  const live: LiveFiles = await followConfigFiles({ config: settings(), clock, logger, registry });
  open.push(live);
  const news: FileNews[] = [];
  live.onNews((it) => news.push(it));
  await live.look();
  const metric = async (name: string) =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith(name)) ?? [];
  return { clock, live, lines, news, metric };
}

const PAIR = '--gateway-tls-cert-file';

test('files that did not change are no news', async () => {
  await mount('v1', files(0));
  const { live, news, lines, metric } = await follow();
  expect([live.tls, live.caBundle]).toEqual([
    { cert: pairs[0].certPEM, key: pairs[0].keyPEM },
    `${pairs[0].caPEM}\n`,
  ]);
  expect([news, lines]).toEqual([[], []]);
  expect(await metric('gateway_tls_not_after_seconds')).toEqual([
    `gateway_tls_not_after_seconds ${Date.parse('2049-12-31T00:00:00Z') / 1000}`,
  ]);
});

test('all that is mounted is read again when the kubelet swaps it', async () => {
  await mount('v1', files(0));
  const { live, news, metric } = await follow();
  await mount('v2', files(1));
  await live.look();
  expect(live).toMatchObject({
    tls: { cert: pairs[1].certPEM, key: pairs[1].keyPEM },
    caBundle: `${pairs[1].caPEM}\n`,
  });
  expect(live.identityCertificates.join('')).toBe(documents[1].trim());
  expect(news.map(({ kind, fault }) => [kind, fault])).toEqual([
    ['tls', undefined],
    ['caBundle', undefined],
    ['identityCertificates', undefined],
  ]);
  expect(await metric(`config_file_reloads_total{setting="${PAIR}",outcome="loaded"}`)).toHaveLength(1);
});

describe('what can not be used keeps the one before it, and says so once:', () => {
  test.each<[string, () => Record<string, string>, keyof LiveFiles, RegExp]>([
    [
      'a key of another certificate',
      () => ({ 'tls.crt': pairs[1].certPEM }),
      'tls',
      /no certificate that the key/,
    ],
    [
      'a certificate cut short',
      () => ({ 'tls.crt': pairs[0].certPEM.slice(0, 200) }),
      'tls',
      /holds no PEM certificate/,
    ],
    [
      'a key that is none',
      () => ({ 'tls.key': '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n' }),
      'tls',
      /the key/,
    ],
    [
      'a bundle of nonsense',
      () => ({ 'ca.crt': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }),
      'caBundle',
      /no certificate/,
    ],
    [
      'an identity certificate without an RSA key',
      () => ({ 'ec2.pem': pairs[0].certPEM }),
      'identityCertificates',
      /RSA/,
    ],
  ])('%s', async (_what, broken, kind, fault) => {
    await mount('v1', files(0));
    const { live, news, lines, metric } = await follow();
    const before = live[kind];
    await mount('v2', files(0, broken()));
    await live.look();
    await live.look();
    expect(live[kind]).toEqual(before);
    expect(news).toMatchObject([{ kind, fault: expect.stringMatching(fault) }]);
    expect(lines.filter(({ event }) => event === 'file.refused')).toHaveLength(1);
    expect(JSON.stringify([lines, news])).not.toContain('BEGIN');
    expect(await metric('config_file_refused{')).toContainEqual(expect.stringMatching(/ 1$/));
    await mount('v3', files(1));
    await live.look();
    expect(live.tls?.cert).toBe(pairs[1].certPEM);
    expect(await metric('config_file_refused{')).not.toContainEqual(expect.stringMatching(/ 1$/));
  });

  test('files that are gone', async () => {
    await mount('v1', files(0));
    const { live, news } = await follow();
    await rm(join(folder, '..data'));
    await live.look();
    expect(live.tls?.cert).toBe(pairs[0].certPEM);
    expect(news.map(({ fault }) => fault)).toEqual(Array(3).fill(expect.stringMatching(/ENOENT/)));
  });

  test('a certificate that expired, but for the one that is in use', async () => {
    await mount('v1', files(0));
    const { clock, live, news } = await follow();
    clock.jumpWall(Date.parse('2050-06-01T00:00:00Z') - clock.now());
    await live.look();
    expect(live.tls?.cert).toBe(pairs[0].certPEM);
    expect(news).toMatchObject([{ kind: 'tls', fault: expect.stringMatching(/expired at 2049-12-31/) }]);
  });
});

test('at the start a file that can not be used is an error that names its setting', async () => {
  await mount('v1', files(0, { 'tls.key': pairs[1].keyPEM }));
  await expect(follow()).rejects.toThrow(/^--gateway-tls-cert-file \(.*\): the file is no certificate/);
  await mount('v2', files(0, { 'ec2.pem': 'nothing' }));
  await expect(follow()).rejects.toThrow(/^--gateway-identity-certificates-file .* holds no PEM certificate/);
});

describe('a gateway', () => {
  let fixture: GatewayFixture;
  afterEach(() => fixture.close());

  const shake = (port: number, ca: string) =>
    new Promise<TLSSocket>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca }, () => resolve(socket));
      socket.once('error', reject);
    });
  const asked = (socket: TLSSocket) =>
    new Promise<string>((resolve) => {
      socket.once('data', (data) => resolve(String(data).split('\r\n')[0] ?? ''));
      socket.write('GET /v1/agent/unit HTTP/1.1\r\nHost: localhost\r\n\r\n');
    });

  test('shows the new certificate at the next handshake, and cuts no connection', async () => {
    fixture = await createGatewayFixture();
    const [first, second] = pairs.map(({ certPEM, keyPEM }) => ({ cert: certPEM, key: keyPEM }));
    const gateway = fixture.another({ ...(first && { tls: first }) });
    const port = Number(new URL((await gateway.start()).url).port);
    const old = await shake(port, pairs[0].caPEM);
    expect(await asked(old)).toBe('HTTP/1.1 200 OK');
    gateway.reload({ ...(second && { tls: second }), trustedCertificates: documents });
    const fresh = await shake(port, pairs[1].caPEM);
    expect(await asked(fresh)).toBe('HTTP/1.1 200 OK');
    expect(fresh.getPeerX509Certificate()?.toString()).not.toBe(old.getPeerX509Certificate()?.toString());
    await expect(shake(port, pairs[0].caPEM)).rejects.toThrow();
    expect(await asked(old)).toBe('HTTP/1.1 200 OK');
    old.destroy();
    fresh.destroy();
  });
});
