import pg from 'pg';
import { DatabaseLoginError } from './databaseClient.ts';
import { StoreRefused, StoreUnavailable } from './heartbeatStore.ts';
import { MigrationLocked } from './migrate.ts';

/** SQLSTATE classes 22 (data exception) and 23 (integrity constraint violation): a row is to blame. */
const REFUSED = /^2[23][0-9A-Z]{3}$/;

const OTHER_CA =
  'the server’s certificate is not of a CA that is known; name the CA’s PEM file in --database-ca-file (for RDS its bundle of the region)';

/** What to do by the code: SQLSTATEs (PostgreSQL, appendix A), and Node's of sockets and TLS. */
const NEXT_STEP: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '28P01':
      'the password is wrong; correct it in DATABASE_URL or the file of --database-password-file; with --database-auth RdsIam grant rds_iam to the role, and rds-db:connect to the AWS identity',
    '28000':
      'this user may not log in from here in this way; check user and sslmode in DATABASE_URL, and pg_hba.conf',
    '3D000': 'there is no such database; correct its name in DATABASE_URL, or create it',
    '42501': 'the user lacks a right; grant it, or name another user in DATABASE_URL',
    '53300': 'the server has no connection left; lower --database-pool-size, or raise its max_connections',
    '57014':
      'it took longer than --database-statement-timeout-ms; see what keeps the server busy, or raise that',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: OTHER_CA,
    UNABLE_TO_GET_ISSUER_CERT: OTHER_CA,
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: OTHER_CA,
    SELF_SIGNED_CERT_IN_CHAIN: OTHER_CA,
    DEPTH_ZERO_SELF_SIGNED_CERT: OTHER_CA,
    CERT_SIGNATURE_FAILURE: OTHER_CA,
    CERT_HAS_EXPIRED: 'the server’s certificate has expired; renew it on the server',
    ERR_TLS_CERT_ALTNAME_INVALID:
      'the server’s certificate is for another host name; name that host in DATABASE_URL',
  }),
);
const ELSE = 'check DATABASE_URL, and that the database is up';

/** pg's own words, without a code. */
const NO_TLS = 'The server does not support SSL connections';

export function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  // An error without a code is ours or a library's, which may quote the server's words after the first line.
  return error instanceof Error ? error.message.split('\n', 1).join('').slice(0, 200) : 'unknown';
}

/** Postgres quotes values in its messages and details, so only the code goes on. */
export function storeFailure(action: string, error: unknown): StoreUnavailable | StoreRefused {
  if (error instanceof MigrationLocked || error instanceof DatabaseLoginError)
    return new StoreUnavailable(`could not ${action}: ${error.message}`);
  const code = codeOf(error);
  if (error instanceof pg.DatabaseError && REFUSED.test(code))
    return new StoreRefused(`could not ${action}: the database refuses the data (SQLSTATE ${code})`);
  const step = code.startsWith(NO_TLS)
    ? 'turn TLS on there; where the network between is trusted, sslmode=disable in DATABASE_URL does without'
    : (NEXT_STEP.get(code) ?? ELSE);
  return new StoreUnavailable(`could not ${action}: the database answered ${code}; ${step}`);
}
