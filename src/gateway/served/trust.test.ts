import { beforeAll, expect, test } from 'vitest';
import {
  createServerCertificate,
  type ServerCertificate,
} from '../../../dev/apiserver/transport/certificates.ts';
import { recordingLogger } from '../../../test/support/base/silentLogger.ts';
import { ApiError } from '../../controller/client/errors.ts';
import { caBundleOf, trusts } from './caBundle.ts';
import { nameOf } from './keptTexts.ts';
import { createTrustCount, createTrustNews } from './trust.ts';

let one: ServerCertificate;
let two: ServerCertificate;
beforeAll(async () => {
  [one, two] = await Promise.all([createServerCertificate(), createServerCertificate()]);
});

test('a bundle verifies the certificates of its CAs, with any rest of the chain', () => {
  const both = `${one.caPEM}\n${two.caPEM}\n`;
  expect(trusts(one.caPEM, one.certPEM)).toBe(true);
  expect(trusts(both, two.certPEM)).toBe(true);
  expect(trusts(one.caPEM, `${one.certPEM}\n${one.caPEM}`)).toBe(true);
  expect(trusts(one.certPEM, one.certPEM)).toBe(true);
  // Both CAs have the same name.
  expect(trusts(two.caPEM, one.certPEM)).toBe(false);
  expect(trusts(two.caPEM, `${one.certPEM}\n${one.caPEM}`)).toBe(false);
  expect(trusts(two.caPEM, `${one.certPEM}\n${two.caPEM}`)).toBe(false);
});

test('launches are counted that would not take the certificate, and that lack the present bundle', async () => {
  const [older, both] = [caBundleOf(`${one.caPEM}\n`), caBundleOf(`${one.caPEM}\n${two.caPEM}\n`)];
  if (!older || !both) throw new Error('bundles have digests');
  const unknown = 'f'.repeat(64);
  const asked: string[] = [];
  const count = createTrustCount({
    namespace: 'system',
    store: {
      countBundles: async () =>
        new Map([
          [older.digest, 12],
          [both.digest, 30],
          [unknown, 1],
        ]),
    },
    kube: {
      async get(_resource: unknown, name: string) {
        asked.push(name);
        const body = { kind: 'Status', reason: 'NotFound' };
        if (name !== nameOf(older.digest)) throw new ApiError('GET', '/x', { status: 404, body });
        return { metadata: { name }, data: { content: older.text } } as never;
      },
    },
  });
  expect(await count(one.certPEM, both)).toEqual({ distrusting: 0, without: 12, unknown: 1 });
  expect(await count(two.certPEM, both)).toEqual({ distrusting: 12, without: 12, unknown: 1 });
  expect(asked.filter((name) => name === nameOf(older.digest))).toHaveLength(1);
});

test('digests that launches make up keep no count from 0, and cost no more than fifty look-ups', async () => {
  const older = caBundleOf(`${one.caPEM}\n`);
  const present = caBundleOf('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  if (!older || !present) throw new Error('bundles have digests');
  const madeUp = Array.from(
    { length: 500 },
    (_, index) => [index.toString(16).padStart(64, '0'), 1] as const,
  );
  let asked = 0;
  const count = createTrustCount({
    namespace: 'system',
    store: { countBundles: async () => new Map([...madeUp, [older.digest, 12]]) },
    kube: {
      async get(_resource: unknown, name: string) {
        asked += 1;
        const content = name === nameOf(older.digest) ? older.text : 'of another digest';
        return { metadata: { name }, data: { content } } as never;
      },
    },
  });
  expect(await count(one.certPEM, present)).toEqual({ distrusting: 0, without: 12, unknown: 500 });
  expect(asked).toBeLessThanOrEqual(50);
});

test('a switch that leaves launches behind is warned of once, with their number', () => {
  const { logger, lines } = recordingLogger();
  const notes: string[] = [];
  const news = createTrustNews(logger, (note) => notes.push(note));
  for (const distrusting of [0, 12, 9, 0, 3]) news({ distrusting, without: distrusting, unknown: 0 });
  expect(notes.map((note) => note.slice(0, 12))).toEqual(['12 launches ', '3 launches h']);
  expect(lines.map(({ event }) => event)).toEqual([
    'gateway.distrusted',
    'gateway.trusted',
    'gateway.distrusted',
  ]);
});
