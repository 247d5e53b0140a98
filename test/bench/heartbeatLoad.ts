import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTLS } from 'node:tls';

/** Sends heartbeats as the shell agent's curl does, with as little CPU as it can, as both share the machine. */

const field = (name: string, value: string) => `${name} ${Buffer.from(value).toString('base64')}\n`;
/** Only a newer number is stored, from either server. Its length stays, and so does the head. */
let seq = 100_000_000;

/** What a session's next heartbeats are made of: the same text around the growing number. */
export interface Template {
  before: string;
  after: string;
}

export function templateOf(session: string): Template {
  const before = field('number', '1') + field('boot', '1');
  const after = field('env', `k1:${'0'.repeat(64)}`) + field('agent', 'sh/1');
  const head = [
    'POST /v1/heartbeat HTTP/1.1',
    'Host: gateway.example:8443',
    'User-Agent: curl/8.5.0',
    'Content-Type: text/plain',
    'Accept: text/plain',
    `Authorization: Bearer ${session}`,
    `Content-Length: ${before.length + field('seq', String(seq)).length + after.length}`,
  ];
  return { before: `${head.join('\r\n')}\r\n\r\n${before}`, after };
}

/** Whether a whole answer is there. */
function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /content-length: (\d+)/i.exec(text)?.[1];
  return length === undefined ? text.endsWith('0\r\n\r\n') : text.length >= end + 4 + Number(length);
}

interface Connection {
  socket: Socket;
  /** When the request under way was due, monotonic ms; undefined while none is. */
  dueAt?: number | undefined;
  text: string;
}

export interface Load {
  url: URL;
  templates: readonly Template[];
  connections: number;
  /** A connection of its own for each heartbeat. */
  fresh: boolean;
  /** Another request is sent first on each connection. */
  mixed: boolean;
}

const ANOTHER_REQUEST = 'GET /v1/nothing HTTP/1.1\r\nHost: gateway.example:8443\r\n\r\n';

/** Opens the connections first; a server may close those that are idle, so none is kept from one measurement to the next. */
export function createLoad({ url, templates, connections, fresh, mixed }: Load) {
  const free: Connection[] = [];
  let opened = 0;
  let next = 0;
  let seqLine = '';
  let times: number[] = [];
  let waiting: number[] = [];
  let refused = 0;
  let failed: Error | undefined;

  /** Each session in its turn, and all of them with the next number in the next round: only what is newer is stored. */
  function request(): string {
    if (next % templates.length === 0) {
      seq += 1;
      seqLine = field('seq', String(seq));
    }
    const { before, after } = templates[next % templates.length] ?? { before: '', after: '' };
    next += 1;
    return before + seqLine + after;
  }

  function ask(connection: Connection, dueAt: number): void {
    connection.dueAt = dueAt;
    connection.text = '';
    connection.socket.write(request(), 'latin1');
  }

  function answered(connection: Connection, dueAt: number): void {
    if (!connection.text.startsWith('HTTP/1.1 200')) refused += 1;
    times.push(performance.now() - dueAt);
    connection.dueAt = undefined;
    const due = waiting.shift();
    if (fresh) {
      opened -= 1;
      connection.socket.destroy();
      if (due !== undefined) void askAt(due);
    } else if (due !== undefined) ask(connection, due);
    else free.push(connection);
  }

  async function open(): Promise<Connection> {
    opened += 1;
    const port = Number(url.port);
    const tls = url.protocol === 'https:';
    const socket = tls
      ? connectTLS({ port, host: '127.0.0.1', rejectUnauthorized: false })
      : connectPlain({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, tls ? 'secureConnect' : 'connect');
    if (mixed) {
      socket.write(ANOTHER_REQUEST);
      for (let text = ''; !isWhole(text); ) text += (await once(socket, 'data'))[0].toString('latin1');
    }
    const connection: Connection = { socket, text: '' };
    socket.on('data', (data: Buffer) => {
      connection.text += data.toString('latin1');
      if (connection.dueAt !== undefined && isWhole(connection.text)) answered(connection, connection.dueAt);
    });
    socket.on('error', (error) => {
      failed = error;
    });
    socket.on('close', () => {
      if (connection.dueAt !== undefined)
        failed = new Error('the server closed a connection without an answer');
    });
    return connection;
  }

  async function askAt(dueAt: number): Promise<void> {
    const kept = free.pop();
    if (kept) ask(kept, dueAt);
    else if (opened >= connections) waiting.push(dueAt);
    else ask(await open(), dueAt);
  }

  return {
    async open(): Promise<void> {
      while (!fresh && opened < connections) free.push(await open());
    },
    /** Sends this many a second, due or not; resolves with the sorted times to the answer, ms. */
    async send(perSecond: number, count: number): Promise<number[]> {
      times = [];
      waiting = [];
      next = 0;
      const startedAt = performance.now();
      for (let made = 0; times.length < count && failed === undefined; ) {
        const now = performance.now();
        for (; made < count && startedAt + (made * 1000) / perSecond <= now; made += 1)
          askAt(startedAt + (made * 1000) / perSecond).catch((error: Error) => {
            failed = error;
          });
        await delay(1);
      }
      if (failed) throw failed;
      return times.sort((a, b) => a - b);
    },
    /** Answers that were none of success, such as 503 while Postgres starves. */
    refused: () => refused,
    close(): void {
      for (const { socket } of free.splice(0)) socket.destroy();
      opened = 0;
    },
  };
}
