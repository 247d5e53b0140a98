import { isLocalDatabase } from '../gateway/store/databaseHost.ts';

/** Parameters that decide about TLS; `sslmode=disable` turns it off. */
const SAYS_TLS = ['sslmode', 'ssl', 'sslrootcert', 'sslcert', 'sslkey', 'sslnegotiation'];

/** Whether heartbeats and the password would travel beyond this machine in the clear although no parameter allows it. */
export function isCarelesslyPlain(databaseURL: string): boolean {
  const url = new URL(databaseURL);
  return !isLocalDatabase(url) && !SAYS_TLS.some((name) => url.searchParams.has(name));
}
