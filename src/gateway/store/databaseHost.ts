const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/;

/**
 * Whether the database is on this machine, so that its traffic needs no TLS. Hosts as `pg` finds them: the last `host` parameter
 * stands above the authority, where neither names one PGHOST does, and one that begins with / is a socket.
 */
export function isLocalDatabase({ hostname, searchParams }: URL, env = process.env): boolean {
  const named = searchParams.getAll('host').at(-1) || decodeURIComponent(hostname) || env.PGHOST || '';
  const host = named.replace(/^\[(.+)\]$/, '$1');
  return host === '' || host.startsWith('/') || LOOPBACK.test(host);
}
