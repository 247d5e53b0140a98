import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createVirtualClock, type VirtualClock } from '../../../test/support/base/virtualClock.ts';
import { type AgentConnections, serveAgents } from './agentConnections.ts';
import { createAgentReader } from './agentRequest.ts';
import type { Direct, Exchange } from './direct.ts';

const TIMES = { headersMs: 10_000, requestMs: 20_000, answerMs: 60_000, idleMs: 65_000 };
const FORM = { path: '/beat', type: 'text/plain' };
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const beat = (body = 'a', credential = 'good', more = '') =>
  `POST /beat HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nAccept: text/plain\r\nAuthorization: Bearer ${credential}\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;

let clock: VirtualClock;
let agents: AgentConnections;
/** Requests that wait, oldest first. */
let waiting: { body: string; exchange: Exchange }[];
/** The requests that Node's server has, and that it refused. */
let byNode: string[];
let refused: (string | undefined)[];
let begun: Exchange[];
let ended: Exchange[];
let floods: number;
let near: Duplex[];
let duringIO: () => void;
let connect: () => {
  far: Duplex;
  received(): string;
  isClosed(): boolean;
  send(...pieces: string[]): Promise<void>;
};

beforeEach(() => {
  clock = createVirtualClock();
  duringIO = () => undefined;
  [waiting, byNode, refused, begun, ended, floods, near] = [[], [], [], [], [], 0, []];
  const raw = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      byNode.push(`${request.method} ${body}`);
      response.end('node');
    });
  });
  raw.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    refused.push(error.code);
    socket.destroy();
  });
  const direct: Direct = {
    ...FORM,
    admit: (credential) => (credential === 'good' ? { uid: 'u', number: 1, id: 'u/1' } : undefined),
    take: (_launch, { text, at }, exchange) => void waiting.push({ body: text.slice(at), exchange }),
  };
  agents = serveAgents(raw, {
    clock: {
      ...clock,
      nextTurn(fn) {
        duringIO();
        clock.nextTurn(fn);
      },
    },
    times: TIMES,
    read: createAgentReader(FORM, 1_000),
    direct,
    begin: (exchange) => void begun.push(exchange),
    end: (exchange) => void ended.push(exchange),
    onFlood: () => {
      floods += 1;
    },
  });
  connect = () => {
    const [served, far] = duplexPair();
    near.push(served);
    // As a socket has it.
    Object.assign(served, { destroySoon: () => served.end(() => served.destroy()) });
    raw.emit('connection', served as Socket);
    let text = '';
    far.on('data', (chunk) => {
      text += chunk;
    });
    return {
      far,
      received: () => text,
      isClosed: () => served.destroyed || served.writableEnded,
      async send(...pieces) {
        for (const piece of pieces) {
          far.write(piece);
          await settled();
        }
      },
    };
  };
});
afterEach(async () => {
  for (const socket of near) socket.destroy();
  await settled();
});

async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
}

async function answer(body = 'done'): Promise<void> {
  waiting.shift()?.exchange.answer(200, [['content-type', 'text/plain']], body);
  await settled();
}

const statuses = (text: string) =>
  [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));

describe('a request of an agent is answered on its socket', () => {
  test('again and again, in the form of Node’s own answers', async () => {
    const { send, received } = connect();
    for (const body of ['first', 'second']) {
      await send(beat(body));
      expect(waiting.map((it) => it.body)).toEqual([body]);
      await answer('dóne');
    }
    const date = new Date(clock.now()).toUTCString();
    const text = `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\nDate: ${date}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=65\r\n\r\ndóne`;
    expect(received()).toBe(text + text);
    expect(byNode).toEqual([]);
    expect([begun.length, ended.length]).toEqual([2, 2]);
  });

  test('also when its body comes later, in up to 16 pieces; beyond them Node has it whole', async () => {
    const body = 'abcdefghijklmnopqrstuvwxyz';
    const pieces = (count: number) => [
      beat(body).slice(0, -body.length),
      ...body.slice(0, count),
      body.slice(count),
    ];
    await connect().send(...pieces(15));
    expect(waiting.map((it) => it.body)).toEqual([body]);
    await connect().send(...pieces(16));
    expect(waiting).toHaveLength(1);
    expect(byNode).toEqual([`POST ${body}`]);
  });

  test('and waits until that is read, however long the answer lies there', async () => {
    const { send, far } = connect();
    far.pause();
    await send(beat());
    await answer('x'.repeat(200_000));
    await send(beat('b'));
    expect([begun.length, ended.length]).toEqual([1, 0]);
    far.resume();
    await settled();
    expect([begun.length, ended.length, byNode]).toEqual([1, 1, ['POST b']]);
  });

  test('and what its sender gets after it has gone is nothing', async () => {
    const { send, far } = connect();
    await send(beat());
    far.destroy();
    near[0]?.destroy();
    await settled();
    expect(ended).toEqual(begun);
    expect(waiting[0]?.exchange.answer(200, [], '')).toBe(false);
    expect(ended).toHaveLength(1);
  });
});

describe('Node’s server has a connection for good', () => {
  test.each([
    ['with another request', GET, 'GET '],
    ['with a credential that does not hold', beat('a', 'bad'), 'POST a'],
    ['with a field that says more than an agent’s', beat('a', 'good', 'Expect: 100-continue\r\n'), 'POST a'],
  ])('%s', async (_with, bytes, seen) => {
    const { send } = connect();
    await send(bytes);
    expect(byNode).toEqual([seen]);
    await send(beat('b'));
    expect(byNode).toEqual([seen, 'POST b']);
    expect([waiting, begun]).toEqual([[], []]);
  });

  test('with a request that begins in one piece and ends in the next', async () => {
    await connect().send(GET.slice(0, 3), GET.slice(3));
    await connect().send(beat().slice(0, 100), beat().slice(100));
    expect(byNode).toEqual(['GET ', 'POST a']);
  });

  test('with two requests at once, and answers both in order', async () => {
    const { send, received } = connect();
    await send(beat() + GET);
    expect(byNode).toEqual(['POST a', 'GET ']);
    expect(statuses(received())).toEqual([200, 200]);
  });

  test('with what follows a request, after that one’s answer', async () => {
    const { send, received } = connect();
    await send(beat(), beat('b').slice(0, 9), beat('b').slice(9));
    expect([waiting.length, byNode.length]).toEqual([1, 0]);
    await answer('first');
    expect(byNode).toEqual(['POST b']);
    expect(received()).toMatch(/first[\s\S]*node/);
  });
});

describe('a connection is closed', () => {
  test.each<[string, number, string | undefined, string[]]>([
    ['that sends nothing', TIMES.headersMs, 'ERR_HTTP_REQUEST_TIMEOUT', []],
    ['whose body does not come', TIMES.requestMs, 'ERR_HTTP_REQUEST_TIMEOUT', [beat('ab').slice(0, -1)]],
    ['that is idle', TIMES.idleMs + 1_000, undefined, [beat()]],
  ])('%s', async (_that, ms, code, pieces) => {
    const { send, isClosed } = connect();
    await send(...pieces);
    await answer();
    await clock.advance(ms - 1_000);
    expect(isClosed()).toBe(false);
    await clock.advance(2_000);
    expect(isClosed()).toBe(true);
    expect(refused).toEqual(code === undefined ? [] : [code]);
    await settled();
    expect(clock.pending()).toBe(0);
  });

  test('that ends in the midst of a request, as Node would close it', async () => {
    const { send, far } = connect();
    await send(beat('ab').slice(0, -1));
    far.end();
    await settled();
    expect(refused).toEqual(['HPE_INVALID_EOF_STATE']);
  });

  test('that sends more than a request beyond the one that waits', async () => {
    const { send, isClosed } = connect();
    await send(beat(), 'x'.repeat(32_768));
    expect(isClosed()).toBe(false);
    await send('x');
    expect([isClosed(), floods]).toEqual([true, 1]);
    const pieces = connect();
    await pieces.send(beat(), ...'x'.repeat(17));
    expect([pieces.isClosed(), floods]).toEqual([true, 2]);
    expect(ended).toEqual(begun);
  });

  test('not when its bytes were there, and a long turn kept them from being read', async () => {
    const { far, isClosed } = connect();
    // After the timers of a turn its I/O is done, and then what the next turn is for.
    duringIO = () => void far.write(beat());
    await clock.advance(TIMES.headersMs);
    await settled();
    expect([isClosed(), waiting.length]).toEqual([false, 1]);
  });

  test('not while its request waits, however long that takes', async () => {
    const { send, isClosed } = connect();
    await send(beat());
    await clock.advance(600_000);
    expect(isClosed()).toBe(false);
  });
});

test('a stop closes idle connections at once and others with their answer; Node has new ones', async () => {
  const [idle, busy] = [connect(), connect()];
  await busy.send(beat());
  agents.stop();
  await settled();
  expect([idle.isClosed(), busy.isClosed()]).toEqual([true, false]);
  await answer();
  expect(busy.received()).toContain('Connection: close');
  expect(busy.isClosed()).toBe(true);
  await connect().send(beat('late'));
  expect(byNode).toEqual(['POST late']);
});
