import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTLS } from 'node:tls';
import { createIdentityAuthority } from '../../dev/ec2/identity.ts';
import { startPostgres } from '../../dev/postgres/postgres.ts';
import { systemClock } from '../../src/controller/clock.ts';

/**
 * What a heartbeat costs the gateway: CPU time of its process, and the time to the answer at a given rate.
 *   npm run bench:heartbeats [rate a second] [seconds]
 * CPU counts whatever else the machine does; the ratio to Node's own HTTP server, measured in the same run, compares
 * machines. Times to the answer mean something on an idle machine only.
 */

const [rate = 8_000, seconds = 10] = process.argv.slice(2).map(Number);
const WORKSPACES = 10_000;
const CONNECTIONS = 256;
const SEMI_SPACE_MB = [4, 32];

interface Gateway {
  url: URL;
  requests: Buffer[];
  cpu(): Promise<{ cpuMicroseconds: number; megabytes: number }>;
  stop(): void;
}

async function start(
  order: { databaseURL: string; bare: boolean; tls?: object },
  semiSpace: number,
): Promise<Gateway> {
  const child: ChildProcess = fork(new URL('heartbeatGateway.ts', import.meta.url), {
    execArgv: [`--max-semi-space-size=${semiSpace}`],
    env: { ...process.env, BENCH_ORDER: JSON.stringify({ ...order, workspaces: WORKSPACES }) },
  });
  const [told] = (await once(child, 'message')) as [{ url: string; sessions: string[] }];
  return {
    url: new URL(told.url),
    requests: told.sessions.map((session) => heartbeat(session)),
    async cpu() {
      child.send('cpu');
      return (await once(child, 'message'))[0];
    },
    stop: () => child.disconnect(),
  };
}

const field = (name: string, value: string) => `${name} ${Buffer.from(value).toString('base64')}\n`;
let boot = 0;

/** As the shell agent sends it; the boot is replaced for each round, as only a newer one is stored. */
function heartbeat(session: string): Buffer {
  const body =
    field('number', '1') +
    field('boot', String(1_000_000 + boot)) +
    field('seq', '1') +
    field('env', `k1:${'0'.repeat(64)}`) +
    field('agent', 'sh/1');
  const head = [
    'POST /v1/heartbeat HTTP/1.1',
    'Host: gateway.example:8443',
    'User-Agent: curl/8.5.0',
    'Content-Type: text/plain',
    'Accept: text/plain',
    `Authorization: Bearer ${session}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Whether a whole answer is there. */
function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  const length = /content-length: (\d+)/i.exec(text)?.[1];
  if (end < 0) return false;
  return length === undefined ? text.endsWith('0\r\n\r\n') : text.length >= end + 4 + Number(length);
}

function open({ url }: Gateway): Promise<Socket> {
  const port = Number(url.port);
  const tls = url.protocol === 'https:';
  const socket = tls
    ? connectTLS({ port, host: '127.0.0.1', rejectUnauthorized: false })
    : connectPlain({ port, host: '127.0.0.1', noDelay: true });
  return once(socket, tls ? 'secureConnect' : 'connect').then(() => socket);
}

async function ask(socket: Socket, request: Buffer): Promise<void> {
  socket.write(request);
  let text = '';
  for (;;) {
    const [data] = (await once(socket, 'data')) as [Buffer];
    text += data.toString('latin1');
    if (!isWhole(text)) continue;
    if (!text.startsWith('HTTP/1.1 200')) throw new Error(text);
    return;
  }
}

/** Sends so many a second, due or not, each on a connection that is free; resolves with the times to the answer, ms. */
async function send(gateway: Gateway, perSecond: number, count: number, fresh: boolean): Promise<number[]> {
  const free = fresh ? [] : await Promise.all(Array.from({ length: CONNECTIONS }, () => open(gateway)));
  const times: number[] = [];
  const due: number[] = [];
  const startedAt = performance.now();
  let sent = 0;
  let [made, busy] = [0, 0];
  async function one(at: number, request: Buffer): Promise<void> {
    busy += 1;
    const socket = free.pop() ?? (await open(gateway));
    await ask(socket, request);
    times.push(performance.now() - at);
    if (fresh) socket.destroy();
    else free.push(socket);
    busy -= 1;
  }
  const failed: unknown[] = [];
  while (times.length < count && failed.length === 0) {
    const now = performance.now();
    for (; made < count && startedAt + (made * 1000) / perSecond <= now; made += 1)
      due.push(startedAt + (made * 1000) / perSecond);
    while (due.length > 0 && busy < CONNECTIONS) {
      const request = gateway.requests[sent % gateway.requests.length] ?? Buffer.alloc(0);
      sent += 1;
      one(due.shift() ?? now, request).catch((error: unknown) => failed.push(error));
    }
    await delay(1);
  }
  if (failed.length > 0) throw failed[0];
  for (const socket of free) socket.destroy();
  return times.sort((a, b) => a - b);
}

async function measure(name: string, gateway: Gateway, perSecond: number, count: number, fresh = false) {
  // Until the code is compiled.
  await send(gateway, perSecond, Math.min(count, 20_000), fresh);
  const before = await gateway.cpu();
  const times = await send(gateway, perSecond, count, fresh);
  const after = await gateway.cpu();
  const each = (after.cpuMicroseconds - before.cpuMicroseconds) / count;
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);
  return { name, each, p50: at(0.5), p99: at(0.99), megabytes: after.megabytes };
}

const postgres = await startPostgres({ clock: systemClock });
const authority = await createIdentityAuthority(systemClock);
const tls = { cert: authority.certificatePEM, key: authority.privateKeyPEM };
const results: Awaited<ReturnType<typeof measure>>[] = [];
try {
  const count = rate * seconds;
  const runs: [string, { bare: boolean; tls?: object }, number, boolean][] = [
    ['Node’s own HTTP server', { bare: true }, SEMI_SPACE_MB[0] ?? 4, false],
    ...SEMI_SPACE_MB.map((mb): [string, { bare: boolean }, number, boolean] => [
      `kept connections, semi-space ${mb} MB`,
      { bare: false },
      mb,
      false,
    ]),
    ['TLS, a new connection each', { bare: false, tls }, SEMI_SPACE_MB[1] ?? 32, true],
  ];
  for (const [name, order, semiSpace, fresh] of runs) {
    boot += 1;
    const gateway = await start({ databaseURL: postgres.url, ...order }, semiSpace);
    const [perSecond, total] = fresh ? [Math.min(rate, 400), Math.min(count, 4_000)] : [rate, count];
    results.push(await measure(name, gateway, perSecond, total, fresh));
    gateway.stop();
  }
} finally {
  await postgres.stop();
}
const [bare] = results;
for (const { name, each, p50, p99, megabytes } of results) {
  const ratio = (each / (bare?.each ?? 1)).toFixed(1);
  console.log(
    `${name}: ${each.toFixed(1)} µs CPU each (${ratio}×), p50 ${p50} ms, p99 ${p99} ms, ${megabytes} MB`,
  );
}
