import { createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import pg from 'pg';

/** A pooler in transaction mode, as PgBouncer is: each transaction runs on any of a few server connections. */
export interface TransactionPooler {
  /** Without a password, which the pooler knows. */
  url: string;
  /** Clients that have logged in so far. */
  clients(): number;
  /** TLS handshakes so far. */
  handshakes(): number;
  /** Passwords that were given, oldest first. */
  given: readonly string[];
  /** Ends all sessions of clients. */
  cut(): void;
  stop(): Promise<void>;
}

const HEADER = 4;
const SSL_REQUEST = 80_877_103;
const READY = 'Z'.charCodeAt(0);
const TERMINATE = 'X'.charCodeAt(0);
const IDLE = 'I'.charCodeAt(0);
/** AuthenticationOk, and ReadyForQuery outside of a transaction. */
const WELCOME = Buffer.from('520000000800000000' + '5a0000000549', 'hex');
const YES = Buffer.from('S');
const NO = Buffer.from('N');
/** AuthenticationCleartextPassword. */
const ASK_PASSWORD = Buffer.from('520000000800000003', 'hex');

interface ServerConnection {
  socket: Socket;
  client?: Socket | undefined;
}

interface PoolerOptions {
  servers?: number;
  /** Parameters of a session that it does not know, as PgBouncer. */
  refusesParameters?: readonly string[];
  /** PEM of what it shows at each handshake; without it it has no TLS. */
  tls?: () => { cert: string; key: string };
  /** What each login must give, in clear text. */
  password?: () => string;
}

/**
 * Speaks as much of the protocol ("Message Formats", PostgreSQL documentation) as it takes: it reads where messages end,
 * and in which state of the transaction the server is. What a session holds stays with the server connection.
 */
export async function startTransactionPooler(
  databaseURL: string,
  { servers = 2, refusesParameters = [], tls, password }: PoolerOptions = {},
): Promise<TransactionPooler> {
  const pool = await Promise.all(Array.from({ length: servers }, () => connectServer(databaseURL)));
  const waiting: (() => boolean)[] = [];
  const clients = new Set<Socket>();
  const given: string[] = [];
  let loggedIn = 0;
  let handshakes = 0;

  function serveWaiting(): void {
    while (waiting.length > 0 && waiting[0]?.()) waiting.shift();
  }

  for (const server of pool) {
    const frames = splitter(HEADER + 1);
    server.socket.on('data', (chunk) => {
      for (const frame of frames(chunk)) {
        server.client?.write(frame);
        if (frame[0] === READY && frame[5] === IDLE) server.client = undefined;
      }
      serveWaiting();
    });
  }

  /** Answers a request for TLS; what comes then is the session. */
  function greet(raw: Socket): void {
    raw.on('error', () => undefined);
    raw.once('data', (chunk) => {
      if (chunk.readInt32BE(4) !== SSL_REQUEST) return serve(raw, chunk);
      raw.write(tls ? YES : NO);
      if (!tls) return serve(raw);
      const secure = new TLSSocket(raw, { isServer: true, ...tls() });
      secure.on('secure', () => {
        handshakes += 1;
      });
      serve(secure);
    });
  }

  function serve(client: Socket, first?: Buffer): void {
    clients.add(client);
    let phase: 'startup' | 'password' | 'session' = 'startup';
    const startup = splitter(HEADER);
    const messages = splitter(HEADER + 1);
    const queued: Buffer[] = [];

    /** Whether it is on its way to a server. */
    function flush(): boolean {
      const server = pool.find((it) => it.client === client) ?? pool.find((it) => !it.client);
      if (!server) return false;
      server.client = client;
      for (const frame of queued.splice(0)) server.socket.write(frame);
      return true;
    }

    function welcome(): void {
      phase = 'session';
      loggedIn += 1;
      client.write(WELCOME);
    }

    function start(frame: Buffer): void {
      const refused = refusesParameters.find((name) => frame.includes(`\0${name}\0`));
      if (refused) client.end(errorResponse('08P01', `unsupported startup parameter: ${refused}`));
      else if (!password) welcome();
      else {
        phase = 'password';
        client.write(ASK_PASSWORD);
      }
    }

    function take(frame: Buffer): void {
      if (frame[0] === TERMINATE) return;
      if (phase === 'session') {
        queued.push(frame);
        return;
      }
      given.push(frame.subarray(HEADER + 1, -1).toString());
      if (given.at(-1) === password?.()) welcome();
      else client.end(errorResponse('28P01', 'password authentication failed'));
    }

    function read(chunk: Buffer): void {
      for (const frame of (phase === 'startup' ? startup : messages)(chunk))
        if (phase === 'startup') start(frame);
        else take(frame);
      if (queued.length > 0 && !flush() && !waiting.includes(flush)) waiting.push(flush);
    }

    client.on('data', read);
    client.on('error', () => undefined);
    client.on('close', () => {
      clients.delete(client);
      const at = waiting.indexOf(flush);
      if (at >= 0) waiting.splice(at, 1);
    });
    if (first) read(first);
  }

  const door = createServer({ noDelay: true }, greet);
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  const address = door.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `postgres://pooled@127.0.0.1:${port}/any?sslmode=disable`,
    clients: () => loggedIn,
    handshakes: () => handshakes,
    given,
    cut() {
      for (const client of clients) client.destroy();
    },
    async stop() {
      for (const client of clients) client.destroy();
      for (const { socket } of pool) socket.destroy();
      await new Promise((resolve) => door.close(resolve));
    },
  };
}

function errorResponse(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.from('E\0\0\0\0');
  head.writeInt32BE(fields.length + HEADER, 1);
  return Buffer.concat([head, fields]);
}

/** Logs in as pg does, and takes the socket over. */
async function connectServer(url: string): Promise<ServerConnection> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  stream.removeAllListeners('data');
  stream.setNoDelay(true);
  client.on('error', () => undefined);
  return { socket: stream };
}

/** Cuts a stream into whole messages; `head` bytes of each hold its length, which counts itself. */
function splitter(head: number): (chunk: Buffer) => Buffer[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const frames: Buffer[] = [];
    while (rest.length >= head) {
      const length = rest.readInt32BE(head - HEADER) + head - HEADER;
      if (rest.length < length) break;
      frames.push(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
    return frames;
  };
}
