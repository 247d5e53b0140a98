import type { Server } from 'node:http';
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
  begin(request: Request): boolean;
  /** The credential of this request holds: from when it has come whole, its connection is not closed to make room. */
  prove(request: Request): void;
  /** Its answer has been read. */
  end(request: Request): void;
}

/** The part of a request that counts here. */
interface Request {
  socket: Socket;
  /** It has come whole. */
  complete: boolean;
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
  const open = new Map<string, Set<Connection>>();
  /** By the client's address and port. A client can come back from the same port before the close of its first connection is noticed. */
  const newest = new Map<string, Connection>();
  let total = 0;

  function closeOldest(source: string, sparing: Connection): boolean {
    for (const connection of open.get(source) ?? []) {
      if (connection.proven?.complete || connection === sparing) continue;
      close(connection);
      return true;
    }
    return false;
  }

  function close(connection: Connection): void {
    connection.socket.destroy();
    forget(connection);
  }

  function forget(connection: Connection): void {
    const { source, id } = connection;
    const ofSource = open.get(source);
    if (!ofSource?.delete(connection)) return;
    total -= 1;
    if (ofSource.size === 0) open.delete(source);
    if (newest.get(id) === connection) newest.delete(id);
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

  /** Found once for each socket, as every heartbeat asks for it. */
  function connectionOf(socket: Socket & Known): Connection {
    // That of a TLS socket is the one of the socket beneath it, which was there first.
    socket[CONNECTION] ??= newest.get(idOf(socket)) ?? connectionTo(socket);
    return socket[CONNECTION];
  }

  server.on('connection', (socket: Socket & Known) => {
    const connection = connectionTo(socket);
    const { source, id } = connection;
    const ofSource = open.get(source) ?? new Set();
    open.set(source, ofSource);
    ofSource.add(connection);
    newest.set(id, connection);
    socket[CONNECTION] = connection;
    total += 1;
    socket.once('close', () => forget(connection));
    const full = ofSource.size > limits.perAddress ? 'address' : total > limits.total ? 'total' : undefined;
    if (full === undefined) return;
    onClosed(full);
    if (!closeOldest(full === 'address' ? source : mostOpen(), connection)) close(connection);
  });

  return {
    begin({ socket }) {
      const connection = connectionOf(socket);
      connection.unanswered += 1;
      if (connection.unanswered <= MOST_UNANSWERED) return true;
      if (!socket.destroyed) onClosed('requests');
      socket.destroy();
      return false;
    },
    prove(request) {
      connectionOf(request.socket).proven = request;
    },
    end({ socket }) {
      const connection = connectionOf(socket);
      connection.unanswered -= 1;
      connection.proven = undefined;
    },
  };
}

interface Connection {
  /** The one that was accepted; beneath a TLS socket, if there is one. */
  socket: Socket;
  id: string;
  /** Whose limit it counts for. */
  source: string;
  /** Requests. */
  unanswered: number;
  /** The latest request whose credential holds. */
  proven: Request | undefined;
}

/** On the socket itself: to find it in a WeakMap takes several times as long. */
const CONNECTION = Symbol('connection');
interface Known {
  [CONNECTION]?: Connection;
}

/** The same for a TLS socket and for the plain one beneath it. */
function idOf({ remoteAddress = '', remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function connectionTo(socket: Socket): Connection {
  const source = sourceOf(socket.remoteAddress ?? '');
  return { socket, id: idOf(socket), source, unanswered: 0, proven: undefined };
}
