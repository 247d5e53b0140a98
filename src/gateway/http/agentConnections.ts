import { type Server, STATUS_CODES } from 'node:http';
import { Server as TLSServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../controller/lib/clock.ts';
import type { AgentRequest } from './agentRequest.ts';
import type { ConnectionTimes } from './connections.ts';
import type { Direct, Exchange } from './direct.ts';

export interface AgentConnectionOptions {
  clock: Clock;
  times: ConnectionTimes;
  read(bytes: Buffer): AgentRequest | 'more' | undefined;
  direct: Direct;
  /** A request of a launch whose credential holds has come whole. */
  begin(exchange: WholeExchange): void;
  /** The answer to this request has been read, or its sender is gone. */
  end(exchange: WholeExchange): void;
  /** A connection is closed as more waits on it than an agent sends. */
  onFlood(): void;
}

export interface WholeExchange extends Exchange {
  /** The request came whole. */
  complete: true;
}

export interface AgentConnections {
  /** Closes those that are idle now, and the others with their answer; new connections are Node's. */
  stop(): void;
}

/** How often connections are looked at that outlast their times, ms; as often as Node does. */
const CHECK_INTERVAL_MS = 1_000;
/** For how much longer than it says an idle connection is kept, ms, as by Node: a request may be on its way. */
const IDLE_MORE_MS = 1_000;
/** Bytes that may wait for the rest of a request, or for the answer to the one before, and in how many pieces they may come. */
const MOST_HELD = 32_768;
const MOST_PIECES = 16;

interface AgentConnection extends WholeExchange {
  /** Monotonic ms: when it was opened, its last answer was read, or a request began. */
  since: number;
  isNew: boolean;
  /** A request waits for its answer. */
  isBusy: boolean;
  /** The begin of a request; while one waits for its answer, what came after it. */
  held: Buffer | undefined;
  pieces: number;
}

/** On the socket itself, as each read asks for it. */
const CONNECTION = Symbol('agent’s connection');
type Known = Socket & { [CONNECTION]?: AgentConnection };

/**
 * Answers agents' requests on their sockets: Node's request and response take more CPU for each heartbeat than all the rest. Any
 * connection begins here; with the first bytes that are not wholly such a request, Node's server has it, with these bytes, for good.
 */
export function serveAgents(raw: Server, options: AgentConnectionOptions): AgentConnections {
  const { clock, times, read, direct } = options;
  const event = raw instanceof TLSServer ? 'secureConnection' : 'connection';
  const [toNode] = raw.listeners(event) as ((this: Server, socket: Socket) => void)[];
  if (!toNode) throw new Error(`Node’s HTTP server takes no ${event}`);
  raw.removeListener(event, toNode);
  raw.on(event, accept);
  const open = new Set<AgentConnection>();
  const render = createRenderer(clock, times.idleMs);
  let timer: Timer | undefined;
  let stopped = false;

  function accept(socket: Known): void {
    // A limit of connections may have closed it.
    if (socket.destroyed) return;
    if (stopped) return void toNode?.call(raw, socket);
    const connection: AgentConnection = {
      socket,
      complete: true,
      since: clock.monotonic(),
      isNew: true,
      isBusy: false,
      held: undefined,
      pieces: 0,
      answer: (status, fields, body) => answer(connection, status, fields, body),
    };
    socket[CONNECTION] = connection;
    open.add(connection);
    socket.on('data', onData);
    socket.on('end', onEnd);
    socket.on('error', onError);
    socket.on('close', onClose);
    timer ??= clock.setTimeout(check, CHECK_INTERVAL_MS);
  }

  function onData(this: Known, chunk: Buffer): void {
    const connection = this[CONNECTION];
    if (!connection) return;
    const { held } = connection;
    const bytes = held ? Buffer.concat([held, chunk]) : chunk;
    if (connection.isBusy) return void hold(connection, bytes, flooded);
    const request = read(bytes);
    if (request === 'more') return void hold(connection, bytes, leave);
    connection.held = undefined;
    connection.pieces = 0;
    if (request === undefined || stopped || !serve(connection, request)) leave(connection, bytes);
  }

  function serve(connection: AgentConnection, request: AgentRequest): boolean {
    const launch = direct.admit(request.credential);
    if (!launch) return false;
    connection.isBusy = true;
    connection.isNew = false;
    options.begin(connection);
    direct.take(launch, request.body, connection, clock.monotonic());
    return true;
  }

  function hold(connection: AgentConnection, bytes: Buffer, beyond: typeof leave): void {
    connection.pieces += 1;
    if (connection.pieces > MOST_PIECES || bytes.length > MOST_HELD) return void beyond(connection, bytes);
    if (!connection.held && !connection.isBusy) connection.since = clock.monotonic();
    connection.held = bytes;
  }

  function flooded({ socket }: AgentConnection): void {
    options.onFlood();
    socket.destroy();
  }

  function leave(connection: AgentConnection, bytes: Buffer): void {
    const { socket } = connection;
    forget(connection);
    // Node would serve it to a client that is gone.
    if (socket.destroyed) return;
    toNode?.call(raw, socket);
    // At once: what the socket reads from now on goes to Node's parser, and must not come before it.
    socket.emit('data', bytes);
  }

  function forget(connection: AgentConnection): void {
    const socket: Known = connection.socket;
    open.delete(connection);
    if (open.size === 0) {
      timer?.cancel();
      timer = undefined;
    }
    connection.held = undefined;
    delete socket[CONNECTION];
    socket.removeListener('data', onData);
    socket.removeListener('end', onEnd);
    socket.removeListener('error', onError);
    socket.removeListener('close', onClose);
  }

  /** False where its sender is gone. */
  function answer(
    connection: AgentConnection,
    status: number,
    fields: readonly string[][],
    body: string,
  ): boolean {
    const { socket, isBusy } = connection;
    if (!isBusy) return false;
    const sent = socket.writable;
    if (sent) socket.write(render(status, fields, body, stopped));
    if (socket.writableLength === 0) settle(connection);
    else socket.write('', () => settle(connection));
    return sent;
  }

  function settle(connection: AgentConnection): void {
    if (!connection.isBusy) return;
    connection.isBusy = false;
    connection.since = clock.monotonic();
    options.end(connection);
    if (stopped) return void connection.socket.destroySoon();
    const { held } = connection;
    if (held) leave(connection, held);
  }

  /** As Node does, which answers no request whose sender has ended its side. */
  function onEnd(this: Known): void {
    const connection = this[CONNECTION];
    if (connection?.held && !connection.isBusy) refuse(connection, 'HPE_INVALID_EOF_STATE');
    else this.end();
  }

  function refuse({ socket }: AgentConnection, code: string): void {
    raw.emit('clientError', Object.assign(new Error('a request was not whole'), { code }), socket);
  }

  function onError(this: Known, error: Error): void {
    raw.emit('clientError', error, this);
  }

  function onClose(this: Known): void {
    const connection = this[CONNECTION];
    if (!connection) return;
    forget(connection);
    if (!connection.isBusy) return;
    connection.isBusy = false;
    options.end(connection);
  }

  function isOverdue({ since, isNew, isBusy, held }: AgentConnection): boolean {
    // An answer that is not read has a time-out of its own.
    if (isBusy) return false;
    const most = held ? times.requestMs : isNew ? times.headersMs : times.idleMs + IDLE_MORE_MS;
    return clock.monotonic() - since >= most;
  }

  function check(): void {
    timer = clock.setTimeout(check, CHECK_INTERVAL_MS);
    const overdue = [...open].filter(isOverdue);
    // After a turn that was long, their bytes may be there and wait to be read.
    if (overdue.length > 0) clock.nextTurn(() => overdue.forEach(closeOverdue));
  }

  function closeOverdue(connection: AgentConnection): void {
    if (!open.has(connection) || !isOverdue(connection)) return;
    const { held, isNew, socket } = connection;
    if (held || isNew) refuse(connection, 'ERR_HTTP_REQUEST_TIMEOUT');
    else socket.destroy();
  }

  return {
    stop() {
      stopped = true;
      for (const { isBusy, held, socket } of open) if (!isBusy && !held) socket.destroy();
    },
  };
}

/** An answer's text. Those of one second that say the same are one text. */
function createRenderer(clock: Clock, idleMs: number) {
  const keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(idleMs / 1_000)}`;
  let second = Number.NaN;
  let date = '';
  let last = { status: 0, fields: [] as readonly string[][], body: '', isLast: false, text: '' };

  function tick(): void {
    const now = Math.floor(clock.now() / 1_000);
    if (now === second) return;
    second = now;
    date = new Date(now * 1_000).toUTCString();
    last = { ...last, status: 0 };
  }

  return (status: number, fields: readonly string[][], body: string, isLast: boolean): string => {
    tick();
    const isSame = last.status === status && last.fields === fields && last.body === body;
    if (isSame && last.isLast === isLast) return last.text;
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      ...fields.map((field) => field.join(': ')),
      `content-length: ${Buffer.byteLength(body)}`,
      `Date: ${date}`,
      isLast ? 'Connection: close' : keepAlive,
    ];
    last = { status, fields, body, isLast, text: `${head.join('\r\n')}\r\n\r\n${body}` };
    return last.text;
  };
}
