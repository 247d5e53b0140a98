import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createServerCertificate } from '../../dev/apiserver/transport/certificates.ts';
import { createIdentityAuthority } from '../../dev/ec2/cloud/identity.ts';
import { startPostgres } from '../../dev/postgres/postgres.ts';
import { systemClock } from '../../src/controller/lib/clock.ts';
import type { Bare } from './bareServers.ts';
import { databaseCPU } from './databaseCPU.ts';
import { createLoad, templateOf } from './heartbeatLoad.ts';

/**
 * What a heartbeat costs the gateway: CPU time of its process and of Postgres, and the time to the answer at a given rate.
 *   npm run bench:heartbeats -- [--rate 8000] [--seconds 5] [--rounds 3] [--only PATTERN] [--beside CHECKOUT]
 * Each round measures all servers one after the other, so that they meet the same machine; `--beside` adds the gateway of
 * another checkout. CPU counts whatever else the machine does; the ratio to Node's own HTTP server compares machines.
 * Times to the answer mean something on an idle machine only.
 */

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '8000' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    beside: { type: 'string' },
  },
});
const [rate, seconds, rounds] = [Number(values.rate), Number(values.seconds), Number(values.rounds)];
/** For its Node, such as `--cpu-prof --cpu-prof-dir=DIR`. */
const MORE_FLAGS = process.env.BENCH_EXEC_ARGV?.split(' ') ?? [];
const WORKSPACES = 10_000;
/** At 8,000 a second 2,000 answers may take a quarter of a second each. */
const CONNECTIONS = 2_000;
const WARM_UP = 12_000;
/** A handshake costs the sender as much as the gateway. */
const FRESH_RATE = 400;

interface Contender {
  name: string;
  kind: 'gateway' | Bare;
  semiSpaceMB: number;
  /** Over TLS with a key of this kind, and a new connection for each heartbeat. */
  fresh?: 'ECDSA' | 'RSA';
  checkout?: string;
}

const gateways = (name: string, checkout?: string): Contender[] =>
  [4, 32].map((semiSpaceMB) => ({
    name: `${name}, semi-space ${semiSpaceMB} MB`,
    kind: 'gateway',
    semiSpaceMB,
    ...(checkout !== undefined && { checkout }),
  }));

const CONTENDERS: Contender[] = [
  { name: 'Node’s own HTTP server', kind: 'node', semiSpaceMB: 4 },
  { name: 'Node’s, with body and HMAC', kind: 'nodeWithProof', semiSpaceMB: 4 },
  { name: 'fastify, with body', kind: 'fastify', semiSpaceMB: 4 },
  ...gateways('gateway'),
  ...(values.beside === undefined ? [] : gateways('gateway of the other checkout', resolve(values.beside))),
  { name: 'gateway, TLS (RSA), a new connection each', kind: 'gateway', semiSpaceMB: 32, fresh: 'RSA' },
  { name: 'gateway, TLS (ECDSA), a new connection each', kind: 'gateway', semiSpaceMB: 32, fresh: 'ECDSA' },
];

interface Sample {
  /** CPU time for each heartbeat, microseconds. */
  cpu: number;
  database: number;
  p50: number;
  p99: number;
  megabytes: number;
}

async function start(contender: Contender, order: object) {
  const { kind, semiSpaceMB, checkout } = contender;
  const program =
    checkout === undefined
      ? new URL('heartbeatGateway.ts', import.meta.url)
      : join(checkout, 'test/bench/heartbeatGateway.ts');
  const child: ChildProcess = fork(program, {
    execArgv: [`--max-semi-space-size=${semiSpaceMB}`, ...MORE_FLAGS],
    env: { ...process.env, BENCH_ORDER: JSON.stringify({ ...order, kind, workspaces: WORKSPACES }) },
  });
  const [started] = (await once(child, 'message')) as [{ url: string; sessions: string[] }];
  return {
    ...started,
    async cpu(): Promise<{ cpuMicroseconds: number; megabytes: number }> {
      child.send('cpu');
      return (await once(child, 'message'))[0];
    },
    stop: () => child.disconnect(),
  };
}

const middle = (numbers: readonly number[]) =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

const postgres = await startPostgres({ clock: systemClock });
const stops: (() => void)[] = [];
try {
  const authority = await createIdentityAuthority(systemClock);
  const ecdsa = await createServerCertificate();
  const certificates = {
    RSA: { cert: authority.certificatePEM, key: authority.privateKeyPEM },
    ECDSA: { cert: ecdsa.certPEM, key: ecdsa.keyPEM },
  };
  const database = await databaseCPU(postgres.url);
  const runs = [];
  for (const contender of CONTENDERS.filter(
    ({ name, kind }) => kind === 'node' || new RegExp(values.only, 'i').test(name),
  )) {
    const { fresh } = contender;
    const server = await start(contender, {
      databaseURL: postgres.url,
      ...(fresh && { tls: certificates[fresh] }),
    });
    const load = createLoad({
      url: new URL(server.url),
      templates: server.sessions.map(templateOf),
      connections: CONNECTIONS,
      fresh: fresh !== undefined,
    });
    stops.push(load.close, server.stop);
    const perSecond = fresh ? Math.min(rate, FRESH_RATE) : rate;
    runs.push({ name: contender.name, server, load, perSecond, samples: [] as Sample[] });
    // Until the code is compiled.
    await load.open();
    await load.send(perSecond, fresh ? perSecond : WARM_UP);
    load.close();
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const { server, load, perSecond, samples } of runs) {
      const count = perSecond * seconds;
      await load.open();
      const before = { ...(await server.cpu()), database: await database() };
      const times = await load.send(perSecond, count);
      const after = { ...(await server.cpu()), database: await database() };
      load.close();
      samples.push({
        cpu: (after.cpuMicroseconds - before.cpuMicroseconds) / count,
        database: (after.database - before.database) / count,
        p50: times[times.length >> 1] ?? Number.NaN,
        p99: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
        megabytes: after.megabytes,
      });
    }
  }
  const [bare] = runs;
  for (const { name, load, samples } of runs) {
    const of = (pick: (sample: Sample) => number, digits: number) =>
      middle(samples.map(pick)).toFixed(digits);
    const all = samples.map(({ cpu }) => cpu.toFixed(1)).join(', ');
    const ratio = middle(samples.map(({ cpu }, round) => cpu / (bare?.samples[round]?.cpu ?? Number.NaN)));
    console.log(
      `${name}: ${of(({ cpu }) => cpu, 1)} µs of CPU each (${all}; ${ratio.toFixed(2)} × Node’s own), Postgres ${of(({ database }) => database, 1)} µs, p50 ${of(({ p50 }) => p50, 0)} ms, p99 ${of(({ p99 }) => p99, 0)} ms, ${of(({ megabytes }) => megabytes, 0)} MB, ${load.refused()} refused`,
    );
  }
} finally {
  for (const stop of stops) stop();
  await postgres.stop();
}
