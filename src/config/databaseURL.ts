const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/;
/** Each of them says whether there is TLS; `sslmode=disable` says that there is none. */
const SAYS_TLS = ['sslmode', 'ssl', 'sslrootcert', 'sslcert', 'sslkey', 'sslnegotiation'];

/**
 * Whether heartbeats and the password would travel beyond this machine in the clear though nobody said that they may.
 * @param url as `pg` reads it: a `host` parameter stands above the authority, and one that begins with / is a socket
 */
export function isCarelesslyPlain(url: string): boolean {
  const { hostname, searchParams } = new URL(url);
  const host = (searchParams.get('host') || decodeURIComponent(hostname)).replace(/^\[(.+)\]$/, '$1');
  const isLocal = host === '' || host.startsWith('/') || LOOPBACK.test(host);
  return !isLocal && !SAYS_TLS.some((name) => searchParams.has(name));
}
