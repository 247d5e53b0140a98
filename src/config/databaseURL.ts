const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/;
/** Parameters that decide about TLS; `sslmode=disable` turns it off. */
const SAYS_TLS = ['sslmode', 'ssl', 'sslrootcert', 'sslcert', 'sslkey', 'sslnegotiation'];

/**
 * Whether heartbeats and the password would travel beyond this machine in the clear although no parameter allows it.
 * @param url as `pg` reads it: a `host` parameter stands above the authority, and one that begins with / is a socket
 */
export function isCarelesslyPlain(url: string): boolean {
  const { hostname, searchParams } = new URL(url);
  const host = (searchParams.get('host') || decodeURIComponent(hostname)).replace(/^\[(.+)\]$/, '$1');
  const isLocal = host === '' || host.startsWith('/') || LOOPBACK.test(host);
  return !isLocal && !SAYS_TLS.some((name) => searchParams.has(name));
}
