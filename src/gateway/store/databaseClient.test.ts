import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createServerCertificate } from '../../../dev/apiserver/transport/certificates.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/support/gateway/postgres.ts';
import {
  startTransactionPooler,
  type TransactionPooler,
} from '../../../test/support/gateway/transactionPooler.ts';
import { isCarelesslyPlain } from '../../config/databaseURL.ts';
import { completeURL } from './databaseClient.ts';
import { createPostgresStore, type PostgresStoreOptions } from './postgresStore.ts';

const logger = pino({ level: 'silent' });
type Certificate = Awaited<ReturnType<typeof createServerCertificate>>;

let own: Certificate;
let another: Certificate;
let folder: string;
let database: TestDatabase;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  [own, another] = [await createServerCertificate(), await createServerCertificate()];
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'database-'));
  database = await createTestDatabase();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await database.release();
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function serve(options: Parameters<typeof startTransactionPooler>[1] = {}): Promise<TransactionPooler> {
  const pooler = await startTransactionPooler(database.url, options);
  closers.push(() => pooler.stop());
  return pooler;
}

const tls = () => ({ cert: own.certPEM, key: own.keyPEM });

function open(options: Omit<PostgresStoreOptions, 'logger'>) {
  const store = createPostgresStore({ logger, ...options });
  closers.push(() => store.close());
  return store;
}

async function refusal(options: Omit<PostgresStoreOptions, 'logger'>): Promise<string> {
  const error = await open(options)
    .readAll()
    .catch((reason: unknown) => reason);
  expect(error).toHaveProperty('name', 'StoreUnavailable');
  return String(error);
}

/** The pooler's URL as one beyond loopback would be said, with TLS. */
const checked = ({ url }: TransactionPooler, mode = 'verify-full') =>
  url.replace('sslmode=disable', `sslmode=${mode}`);

describe('a database beyond loopback', () => {
  test.each([
    ['postgres://u@db.internal/it', 'verify-full'],
    ['postgres://u@10.0.0.9:5433/it?application_name=x', 'verify-full'],
    ['postgres://u@localhost.evil.org/it', 'verify-full'],
    ['postgres://u@db.internal/it?sslmode=disable', 'disable'],
    ['postgres://u@db.internal/it?sslmode=no-verify', 'no-verify'],
    ['postgres://u@127.0.0.1:5432/it', null],
    ['postgres://u@localhost/it', null],
    ['postgres://u@[::1]/it', null],
    ['postgres:///it?host=/run/postgresql', null],
  ])('%s is asked for %s', (databaseURL, mode) => {
    expect(new URL(completeURL({ databaseURL })).searchParams.get('sslmode')).toBe(mode);
  });

  test.each([
    ['postgres:///it', 'verify-full'],
    ['postgres://u@localhost/it', null],
    ['postgres://u@localhost/it?host=db.internal', 'verify-full'],
    ['postgres://u@localhost/it?host=%2Frun&host=db.internal', 'verify-full'],
    ['postgres://u@db.internal/it?host=', 'verify-full'],
    ['postgres://u@db%2einternal/it', 'verify-full'],
    ['postgres://u@%2Frun%2Fpostgresql/it', null],
  ])('%s is asked for %s where PGHOST leads elsewhere, as pg connects', (databaseURL, mode) => {
    vi.stubEnv('PGHOST', 'db.internal');
    expect(new URL(completeURL({ databaseURL })).searchParams.get('sslmode')).toBe(mode);
    expect(isCarelesslyPlain(databaseURL)).toBe(mode !== null);
    expect(new pg.Client({ connectionString: databaseURL }).host === 'db.internal').toBe(mode !== null);
  });

  test('a CA that is named is what the certificate is checked with, also on loopback', () => {
    const url = new URL(completeURL({ databaseURL: 'postgres://u@localhost/it', caFile: '/ca.pem' }));
    expect(url.search).toBe('?sslmode=verify-full&sslrootcert=%2Fca.pem');
    const off = completeURL({ databaseURL: 'postgres://u@h/it?sslmode=disable', caFile: '/ca.pem' });
    expect(off).not.toContain('sslrootcert');
  });
});

describe('TLS', () => {
  test('with the server’s own CA: it serves, and another CA in the same file serves the next connection', async () => {
    let shown = own;
    const pooler = await serve({ tls: () => ({ cert: shown.certPEM, key: shown.keyPEM }) });
    const caFile = file('ca.pem', own.caPEM);
    const store = open({ databaseURL: checked(pooler), caFile, poolSize: 1 });
    await store.readAll();
    const before = pooler.handshakes();
    expect(before).toBeGreaterThan(0);
    shown = another;
    pooler.cut();
    await vi.waitFor(() => expect(store.readAll()).rejects.toThrow('--database-ca-file'));
    file('ca.pem', another.caPEM);
    await store.readAll();
    expect(pooler.handshakes()).toBeGreaterThan(before);
  });

  test('with a certificate of another CA: it says which setting to correct', async () => {
    const pooler = await serve({ tls });
    const caFile = file('ca.pem', another.caPEM);
    expect(await refusal({ databaseURL: checked(pooler), caFile })).toMatch(/--database-ca-file/);
  });

  test('with a certificate for another host: it says which setting to correct', async () => {
    const { certPEM, keyPEM, caPEM } = await createServerCertificate('db.internal');
    const pooler = await serve({ tls: () => ({ cert: certPEM, key: keyPEM }) });
    const caFile = file('ca.pem', caPEM);
    expect(await refusal({ databaseURL: checked(pooler), caFile })).toMatch(
      /another host name; name that host in DATABASE_URL/,
    );
  });

  test('of a server that has none: it says so, and what does without', async () => {
    const pooler = await serve();
    expect(await refusal({ databaseURL: checked(pooler) })).toMatch(/turn TLS on there.*sslmode=disable/);
  });
});

describe('the password', () => {
  test('comes from a file, which each new connection reads again', async () => {
    let password = 'first';
    const pooler = await serve({ password: () => password });
    const passwordFile = file('password', 'first\n');
    const store = open({ databaseURL: pooler.url, passwordFile, poolSize: 1 });
    await store.readAll();
    password = 'second';
    file('password', 'second\n');
    pooler.cut();
    await vi.waitFor(() => store.readAll());
    expect(new Set(pooler.given)).toEqual(new Set(['first', 'second']));
  });

  test('wins over the URL’s', async () => {
    const pooler = await serve({ password: () => 'of the file' });
    const databaseURL = pooler.url.replace('pooled@', 'pooled:of-the-url@');
    await open({ databaseURL, passwordFile: file('password', 'of the file') }).readAll();
  });

  test('that is wrong, empty or not there: it says which setting to correct, and not the password', async () => {
    const { url } = await serve({ password: () => 'right' });
    const wrong = await refusal({ databaseURL: url, passwordFile: file('wrong', 'canary-password') });
    expect(wrong).toMatch(/28P01; the password is wrong.*DATABASE_URL.*--database-password-file/);
    expect(wrong).not.toContain('canary-password');
    expect(await refusal({ databaseURL: url, passwordFile: file('empty', '\n') })).toMatch(
      /--database-password-file: .* is empty/,
    );
    expect(await refusal({ databaseURL: url, passwordFile: join(folder, 'none') })).toMatch(
      /--database-password-file: .*\(ENOENT\)/,
    );
  });

  test('is a token of RDS’s IAM authentication, made for each connection', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'canary-secret');
    const pooler = await serve({ tls, password: () => pooler.given.at(-1) ?? '' });
    const caFile = file('ca.pem', own.caPEM);
    const store = open({ databaseURL: checked(pooler), caFile, iamRegion: 'eu-west-1', poolSize: 1 });
    await store.readAll();
    const given = pooler.given.length;
    pooler.cut();
    await vi.waitFor(() => store.readAll());
    expect(pooler.given.length).toBeGreaterThan(given);
    const { host } = new URL(pooler.url);
    for (const token of pooler.given) {
      const { host: signed, searchParams } = new URL(`https://${token}`);
      expect(signed).toBe(host);
      expect(searchParams.get('Action')).toBe('connect');
      expect(searchParams.get('DBUser')).toBe('pooled');
      expect(searchParams.get('X-Amz-Credential')).toMatch(
        /^AKIDEXAMPLE\/\d{8}\/eu-west-1\/rds-db\/aws4_request$/,
      );
      expect(token).not.toContain('canary-secret');
    }
  });
});

describe('limits', () => {
  test('the pool has no more connections than it may', async () => {
    const store = open({ databaseURL: database.url, poolSize: 2 });
    await Promise.all(Array.from({ length: 12 }, () => store.readAll()));
    const sessions = await database.query(
      "SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'workspace-operator' AND datname = current_database()",
    );
    expect(sessions[0]?.count).toBeLessThanOrEqual(2);
  });

  test('a statement that takes too long ends on the server as well', async () => {
    const store = open({ databaseURL: database.url, timeoutMs: 300 });
    await store.readAll();
    const locking = [
      'BEGIN',
      'LOCK TABLE workspace_launch IN ACCESS EXCLUSIVE MODE',
      'SELECT pg_sleep(1)',
      'COMMIT',
    ];
    const held = database.query(locking.join(';'));
    await vi.waitFor(async () => expect(store.readAll()).rejects.toThrow(/57014|timeout/));
    await held;
    const waiting = await database.query(
      "SELECT query FROM pg_stat_activity WHERE application_name = 'workspace-operator' AND datname = current_database() AND state = 'active'",
    );
    expect(waiting).toEqual([]);
  });

  test('a pooler that refuses the server’s limit serves without it, and that is logged once', async () => {
    const lines: string[] = [];
    const pooler = await serve({ refusesParameters: ['statement_timeout'] });
    const warnings = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    const store = createPostgresStore({ databaseURL: pooler.url, logger: warnings });
    closers.push(() => store.close());
    await Promise.all(Array.from({ length: 5 }, () => store.readAll()));
    expect(lines.filter((line) => line.includes('ignore_startup_parameters'))).toHaveLength(1);
  });
});
