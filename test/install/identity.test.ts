import { X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createIdentityVerifier } from '../../src/gateway/access/identityDocument.ts';
import { CHART, find, render } from './chart.ts';

const FOLDER = join(CHART, 'files', 'identity');
const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.pem'));

test.each(files)('%s is one of AWS’s RSA certificates, and the gateway takes it', async (file) => {
  const pem = await readFile(join(FOLDER, file), 'utf8');
  const certificate = new X509Certificate(pem);
  expect(certificate.subject).toMatch(/O=Amazon(\.com Inc\.| Web Services LLC)/);
  expect(certificate.issuer).toBe(certificate.subject);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.publicKey.asymmetricKeyType).toBe('rsa');
  // When they were taken, each was in use.
  const taken = Date.parse('2026-11-26T00:00:00Z');
  expect(Date.parse(certificate.validFrom)).toBeLessThan(taken);
  expect(Date.parse(certificate.validTo)).toBeGreaterThan(taken);
  expect(() => createIdentityVerifier([pem])).not.toThrow();
});

test('there is one for each of the large regions, and none of two is by mistake the same', async () => {
  expect(files.length).toBeGreaterThanOrEqual(37);
  const texts = await Promise.all(files.map((file) => readFile(join(FOLDER, file), 'utf8')));
  // AWS publishes one for both regions of China.
  expect(new Set(texts).size).toBe(files.length - 1);
});

test('the chart mounts the one of its region, and says what to do where it has none', async () => {
  for (const region of ['us-east-1', 'cn-north-1']) {
    const made = find(await render({ aws: { region } }), 'ConfigMap', 'workspace-operator-ec2-identity');
    const pem = await readFile(join(FOLDER, `${region}.pem`), 'utf8');
    expect(made.data).toEqual({ 'certificates.pem': pem });
  }
  await expect(render({ aws: { region: 'xx-north-9' } })).rejects.toThrow(
    /no certificate of EC2 for xx-north-9: .*existingConfigMap/,
  );
});
