import { query } from './query.ts';

const MAY_CREATE = 'SELECT rolcreatedb OR rolsuper AS may FROM pg_roles WHERE rolname = current_user';

/**
 * The server that DATABASE_URL names, which answers and lets us make databases; undefined where it names no Postgres.
 * @throws saying what to do, when it does neither
 */
export async function givenServer(): Promise<string | undefined> {
  const url = process.env.DATABASE_URL ?? '';
  if (!isPostgresURL(url)) return undefined;
  const why = await query(url, MAY_CREATE).then(
    ([role]) => (role?.may === true ? undefined : 'its user may not make databases'),
    reason,
  );
  if (why === undefined) return url;
  throw new Error(
    `no database can be made on ${withoutPassword(url)}, which DATABASE_URL names (${why}): unset DATABASE_URL, and an embedded Postgres is started`,
  );
}

/** What DATABASE_URL says of other databases is not for us. */
export function isPostgresURL(url: string): boolean {
  return /^postgres(ql)?:\/\//.test(url) && URL.canParse(url);
}

/** For people: where it is, and nothing else that may be in the URL. */
export function withoutPassword(databaseURL: string): string {
  const { protocol, host, pathname } = new URL(databaseURL);
  return `${protocol}//${host}${pathname}`;
}

/** A connection to a name with several addresses fails with several errors, and no message of its own. */
function reason(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reason).join(', ');
  return error instanceof Error ? error.message : String(error);
}
