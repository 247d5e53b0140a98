import { readFile } from 'node:fs/promises';
import type { SignerConfig } from '@aws-sdk/rds-signer';
import pg from 'pg';
import { isLocalDatabase } from './databaseHost.ts';

export interface DatabaseOptions {
  databaseURL: string;
  /** PEM bundle of the CA that the server's certificate is checked with; without it Node's own. */
  caFile?: string | undefined;
  /** Instead of the URL's password. */
  passwordFile?: string | undefined;
  /** Log in with a token of RDS's IAM authentication, for the database in this region. */
  iamRegion?: string | undefined;
  /** Credentials for such a token; without them the AWS SDK's own chain. */
  iamCredentials?: SignerConfig['credentials'] | undefined;
}

/** A file or a token that a connection needs is not to be had; the message names the setting. */
export class DatabaseLoginError extends Error {
  override readonly name = 'DatabaseLoginError';
}

/**
 * The URL with what it leaves open: beyond loopback the server must show a certificate of a known CA for its host name
 * (`sslmode=verify-full`), unless the URL says otherwise.
 */
export function completeURL({
  databaseURL,
  caFile,
}: Pick<DatabaseOptions, 'databaseURL' | 'caFile'>): string {
  const url = new URL(databaseURL);
  const { searchParams } = url;
  const saysHow = searchParams.has('sslmode') || searchParams.has('ssl');
  if (!saysHow && !isLocalDatabase(url)) searchParams.set('sslmode', 'verify-full');
  if (caFile !== undefined && !searchParams.has('sslrootcert')) {
    if (!searchParams.has('sslmode') && !searchParams.has('ssl')) searchParams.set('sslmode', 'verify-full');
    if (searchParams.get('sslmode') !== 'disable') searchParams.set('sslrootcert', caFile);
  }
  return url.href;
}

type Password = () => Promise<string>;

/** Asked for at each new connection; undefined where the URL has it. */
function passwordOf(options: DatabaseOptions): Password | undefined {
  const { databaseURL, passwordFile, iamRegion } = options;
  if (iamRegion !== undefined) return iamToken(databaseURL, iamRegion, options.iamCredentials);
  if (passwordFile === undefined) return undefined;
  return async () => {
    const text = await readFile(passwordFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new DatabaseLoginError(`--database-password-file: ${passwordFile} can't be read (${error.code})`);
    });
    const password = text.replace(/\r?\n$/, '');
    if (password === '') throw new DatabaseLoginError(`--database-password-file: ${passwordFile} is empty`);
    return password;
  };
}

/** Good for 15 minutes, and needed only while a connection logs in. */
function iamToken(databaseURL: string, region: string, credentials: SignerConfig['credentials']): Password {
  const { hostname, port, username } = new URL(databaseURL);
  return async () => {
    // Loaded only where it is asked for: it costs a start 0.1 s.
    const { Signer } = await import('@aws-sdk/rds-signer');
    const signer = new Signer({
      region,
      ...(credentials && { credentials }),
      hostname,
      port: Number(port || 5432),
      username: decodeURIComponent(username),
    });
    return signer.getAuthToken().catch((error: unknown) => {
      const why = error instanceof Error ? error.name : 'unknown';
      throw new DatabaseLoginError(
        `--database-auth RdsIam: no token could be made (${why}); give the process AWS credentials that may rds-db:connect`,
      );
    });
  };
}

/** A class of connections to this database; files are read again, and tokens made, for each of them. */
export function clientClassOf(options: DatabaseOptions, more: () => pg.ClientConfig): typeof pg.Client {
  const password = passwordOf(options);
  return class extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      super({ ...config, ...more(), connectionString: completeURL(options) });
      // pg takes a function, and lets the URL's password win over one that it is given beside it.
      if (password) Object.assign(this, { password });
    }
  } as typeof pg.Client;
}
