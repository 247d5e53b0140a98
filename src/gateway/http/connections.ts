import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export interface ConnectionLimits {
  /** Connections in all. */
  total: number;
  /** Connections from one address; many instances can share that of their NAT gateway. */
  perAddress: number;
}

/** How long a connection may take for what, ms. */
export interface ConnectionTimes {
  /** From the connection, or the request's first byte, to the end of its headers; and to the end of a TLS handshake. */
  headersMs: number;
  /** From a request's first byte to its last. */
  requestMs: number;
  /** From a request's first byte until its answer has been read. */
  answerMs: number;
  /** Between two requests. */
  idleMs: number;
}

export interface Connections {
  /** A request whose credential holds is under way on this connection: it is not closed to make room. */
  prove(socket: Socket): void;
  /** Its answer has been read. */
  release(socket: Socket): void;
}

/**
 * Bounds the connections of a server, in all and for each address. A new one is let in, and the oldest that serves no
 * proven request is closed for it: who floods the gateway from behind a NAT gateway closes its own connections, while an
 * instance behind the same address needs its own for milliseconds.
 */
export function limitConnections(
  server: Server,
  limits: ConnectionLimits,
  onClosed: (why: 'total' | 'address') => void,
): Connections {
  /** Of each address, the oldest first. */
  const open = new Map<string, Map<string, Socket>>();
  const busy = new Set<string>();
  let total = 0;

  function closeOldest(address: string, sparing: string): boolean {
    for (const [id, socket] of open.get(address) ?? []) {
      if (busy.has(id) || id === sparing) continue;
      socket.destroy();
      forget(address, id);
      return true;
    }
    return false;
  }

  function forget(address: string, id: string): void {
    const ofAddress = open.get(address);
    if (!ofAddress?.delete(id)) return;
    busy.delete(id);
    total -= 1;
    if (ofAddress.size === 0) open.delete(address);
  }

  /** The address with the most connections pays for a server that is full. */
  function mostOpen(): string {
    let most = '';
    let size = 0;
    for (const [address, ofAddress] of open) {
      if (ofAddress.size > size) [most, size] = [address, ofAddress.size];
    }
    return most;
  }

  server.on('connection', (socket: Socket) => {
    const [address, id] = [addressOf(socket), identify(socket)];
    const ofAddress = open.get(address) ?? new Map<string, Socket>();
    open.set(address, ofAddress);
    ofAddress.set(id, socket);
    total += 1;
    socket.once('close', () => forget(address, id));
    const full = ofAddress.size > limits.perAddress ? 'address' : total > limits.total ? 'total' : undefined;
    if (full === undefined) return;
    onClosed(full);
    if (closeOldest(full === 'address' ? address : mostOpen(), id)) return;
    socket.destroy();
    forget(address, id);
  });

  return {
    prove(socket) {
      const id = identify(socket);
      if (open.get(addressOf(socket))?.has(id)) busy.add(id);
    },
    release: (socket) => void busy.delete(identify(socket)),
  };
}

/** Made once for each connection, as every heartbeat asks for it twice. */
const identities = new WeakMap<Socket, string>();

/** The same for a TLS socket and for the plain one beneath it. */
function identify(socket: Socket): string {
  const known = identities.get(socket);
  if (known !== undefined) return known;
  const id = `${addressOf(socket)} ${socket.remotePort}`;
  identities.set(socket, id);
  return id;
}

function addressOf({ remoteAddress = '' }: Socket): string {
  return remoteAddress;
}
