import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { sourceOf } from './source.ts';

export interface ConnectionLimits {
  /** Connections in all. */
  total: number;
  /** Connections from one address, or from one IPv6 network of 64 bits; many instances can share that of their NAT gateway. */
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
  /** Whether this request is to be served. Where too many before it are unanswered, its connection is closed. */
  begin(request: IncomingMessage): boolean;
  /** The credential of this request holds: from when it has come whole, its connection is not closed to make room. */
  prove(request: IncomingMessage): void;
  /** Its answer has been read. */
  end(request: IncomingMessage): void;
}

/**
 * Requests of one connection that may be unanswered at once. Programs of today wait for each answer. A client that does not wait
 * fits thousands of requests in 64 kB, each of which takes memory until the one before is answered.
 */
const MOST_UNANSWERED = 2;

/**
 * Bounds the connections of a server, in all and for each address. A new one is let in, and the oldest that serves no
 * proven request is closed for it: a client that floods the gateway from behind a NAT gateway closes its own connections, while an
 * instance behind the same address needs its own for milliseconds.
 */
export function limitConnections(
  server: Server,
  limits: ConnectionLimits,
  onClosed: (why: 'total' | 'address' | 'requests') => void,
): Connections {
  /** Of each source, the oldest first. */
  const open = new Map<string, Map<string, Socket>>();
  const proven = new Map<string, IncomingMessage>();
  let total = 0;

  function closeOldest(source: string, sparing: string): boolean {
    for (const [id, socket] of open.get(source) ?? []) {
      if (proven.get(id)?.complete || id === sparing) continue;
      socket.destroy();
      forget(source, id);
      return true;
    }
    return false;
  }

  function forget(source: string, id: string): void {
    const ofSource = open.get(source);
    if (!ofSource?.delete(id)) return;
    proven.delete(id);
    total -= 1;
    if (ofSource.size === 0) open.delete(source);
  }

  /** The source with the most connections pays for a server that is full. */
  function mostOpen(): string {
    let most = '';
    let size = 0;
    for (const [source, ofSource] of open) {
      if (ofSource.size > size) [most, size] = [source, ofSource.size];
    }
    return most;
  }

  server.on('connection', (socket: Socket) => {
    const { source, id } = identify(socket);
    const ofSource = open.get(source) ?? new Map<string, Socket>();
    open.set(source, ofSource);
    ofSource.set(id, socket);
    total += 1;
    socket.once('close', () => forget(source, id));
    const full = ofSource.size > limits.perAddress ? 'address' : total > limits.total ? 'total' : undefined;
    if (full === undefined) return;
    onClosed(full);
    if (closeOldest(full === 'address' ? source : mostOpen(), id)) return;
    socket.destroy();
    forget(source, id);
  });

  return {
    begin({ socket }) {
      const identity = identify(socket);
      identity.unanswered += 1;
      if (identity.unanswered <= MOST_UNANSWERED) return true;
      if (!socket.destroyed) onClosed('requests');
      socket.destroy();
      return false;
    },
    prove(request) {
      const { source, id } = identify(request.socket);
      if (open.get(source)?.has(id)) proven.set(id, request);
    },
    end({ socket }) {
      const identity = identify(socket);
      identity.unanswered -= 1;
      proven.delete(identity.id);
    },
  };
}

interface Identity {
  /** The same for a TLS socket and for the plain one beneath it. */
  id: string;
  /** Whose limit it counts for. */
  source: string;
  /** Requests. */
  unanswered: number;
}

/** Made once for each connection, as every heartbeat asks for it twice. */
const identities = new WeakMap<Socket, Identity>();

function identify(socket: Socket): Identity {
  const known = identities.get(socket);
  if (known !== undefined) return known;
  const { remoteAddress = '', remotePort } = socket;
  const identity = { id: `${remoteAddress} ${remotePort}`, source: sourceOf(remoteAddress), unanswered: 0 };
  identities.set(socket, identity);
  return identity;
}
