import { beforeAll, expect, test } from 'vitest';
import { createIdentityAuthority, type IdentityAuthority } from '../../../dev/ec2/cloud/identity.ts';
import { systemClock } from '../../controller/lib/clock.ts';
import { createIdentityVerifier } from './identityDocument.ts';

const DOCUMENT = JSON.stringify(
  { instanceId: 'i-1', accountId: '123456789012', region: 'eu-test-1', version: '2017-09-30' },
  null,
  2,
);
let ours: IdentityAuthority;
let theirs: IdentityAuthority;

beforeAll(async () => {
  [ours, theirs] = await Promise.all([
    createIdentityAuthority(systemClock),
    createIdentityAuthority(systemClock),
  ]);
});

const signed = (by: IdentityAuthority, document = DOCUMENT) => ({
  document: Buffer.from(document),
  signature: by.sign(document).signature,
});

test('a document signed under a trusted certificate says which instance it is', () => {
  const verify = createIdentityVerifier([ours.certificatePEM]);
  expect(verify(signed(ours))).toMatchObject({ instanceId: 'i-1', region: 'eu-test-1' });
});

test('any of the trusted certificates will do, also out of one bundle', () => {
  expect(createIdentityVerifier([theirs.certificatePEM, ours.certificatePEM])(signed(ours))).toBeDefined();
  expect(
    createIdentityVerifier([`${theirs.certificatePEM}\n${ours.certificatePEM}`])(signed(ours)),
  ).toBeDefined();
});

test('another signer, another document, a broken signature or one byte more is worth nothing', () => {
  const verify = createIdentityVerifier([ours.certificatePEM]);
  const good = signed(ours);
  expect(verify(signed(theirs))).toBeUndefined();
  expect(verify({ ...good, document: Buffer.from(DOCUMENT.replace('i-1', 'i-2')) })).toBeUndefined();
  expect(verify({ ...good, document: Buffer.from(`${DOCUMENT}\n`) })).toBeUndefined();
  expect(verify({ ...good, signature: 'AAAA' })).toBeUndefined();
  expect(verify({ ...good, signature: '' })).toBeUndefined();
});

test('a signed text that names no instance is no identity', () => {
  const verify = createIdentityVerifier([ours.certificatePEM]);
  for (const text of ['{}', 'not json', '{"instanceId":7}', 'null']) {
    expect(verify(signed(ours, text))).toBeUndefined();
  }
});

test('what can’t be trusted is said at the start', () => {
  expect(() => createIdentityVerifier([])).toThrow('no certificate');
  expect(() => createIdentityVerifier(['garbage'])).toThrow('not PEM');
});
