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
import { type Budget, linesOf, type Sample, verdictOf } from './heartbeatReport.ts';

/**
 * What a heartbeat costs the gateway: CPU time of its process and of Postgres, and the time to the answer at a given rate.
 *   npm run bench:heartbeats -- [--rate 8000] [--seconds 5] [--rounds 3] [--only PATTERN] [--beside CHECKOUT]
 * Each round measures all servers one after the other, so that they meet the same machine; `--beside` adds the gateway of
 * another checkout. CPU time counts this work alone, also on a busy machine; the ratio to Node's own HTTP server compares machines.
 * Times to the answer mean something on an idle machine only. At 8,000 a second it ends with a verdict by CPU, and fails where that is
 * broken.
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
  /** Each connection has carried another request before, as a balancer's have. */
  mixed?: boolean;
  /** How many of them share the heartbeats; default 1. */
  processes?: number;
  checkout?: string;
  budget?: Budget;
}

/** Over kept connections that carry heartbeats alone, at 8,000 a second: at lower rates each costs more, as less is shared. */
const BUDGET: Budget = { gateway: 60, together: 80 };
const JUDGED_RATE = 8_000;

const gateways = (name: string, checkout?: string): Contender[] =>
  [4, 32].map((semiSpaceMB) => ({
    name: `${name}, semi-space ${semiSpaceMB} MB`,
    kind: 'gateway',
    semiSpaceMB,
    ...(checkout === undefined ? { budget: BUDGET } : { checkout }),
  }));

const CONTENDERS: Contender[] = [
  { name: 'Node’s own HTTP server', kind: 'node', semiSpaceMB: 4 },
  { name: 'Node’s, with body and HMAC', kind: 'nodeWithProof', semiSpaceMB: 4 },
  { name: 'fastify, with body', kind: 'fastify', semiSpaceMB: 4 },
  ...gateways('gateway'),
  ...(values.beside === undefined ? [] : gateways('gateway of the other checkout', resolve(values.beside))),
  {
    name: 'gateway, connections of mixed requests',
    kind: 'gateway',
    semiSpaceMB: 4,
    mixed: true,
  },
  { name: 'two gateways side by side', kind: 'gateway', semiSpaceMB: 4, processes: 2, budget: BUDGET },
  { name: 'gateway, TLS (RSA), a new connection each', kind: 'gateway', semiSpaceMB: 32, fresh: 'RSA' },
  { name: 'gateway, TLS (ECDSA), a new connection each', kind: 'gateway', semiSpaceMB: 32, fresh: 'ECDSA' },
];

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
    const { fresh, mixed = false, processes = 1 } = contender;
    const perSecond = fresh ? Math.min(rate, FRESH_RATE) : rate;
    const pairs: { server: Awaited<ReturnType<typeof start>>; load: ReturnType<typeof createLoad> }[] = [];
    for (let at = 0; at < processes; at += 1) {
      const server = await start(contender, {
        databaseURL: postgres.url,
        ...(fresh && { tls: certificates[fresh] }),
      });
      const load = createLoad({
        url: new URL(server.url),
        // Each has Workspaces of its own.
        templates: server.sessions.map(templateOf).filter((_, index) => index % processes === at),
        connections: CONNECTIONS / processes,
        fresh: fresh !== undefined,
        mixed,
      });
      stops.push(load.close, server.stop);
      pairs.push({ server, load });
    }
    const all = <T>(ask: (pair: (typeof pairs)[number]) => Promise<T>) => Promise.all(pairs.map(ask));
    const run = {
      name: contender.name,
      budget: contender.budget,
      perSecond,
      samples: [] as Sample[],
      open: () => all(({ load }) => load.open()),
      async cpu() {
        const each = await all(({ server }) => server.cpu());
        return {
          cpu: each.reduce((sum, { cpuMicroseconds }) => sum + cpuMicroseconds, 0),
          megabytes: each.reduce((sum, { megabytes }) => sum + megabytes, 0),
          database: await database(),
        };
      },
      async send(count: number) {
        const times = await all(({ load }) => load.send(perSecond / processes, count / processes));
        return times.flat().sort((a, b) => a - b);
      },
      close() {
        for (const { load } of pairs) load.close();
      },
      refused: () => pairs.reduce((sum, { load }) => sum + load.refused(), 0),
    };
    runs.push(run);
    // Until the code is compiled.
    await run.open();
    await run.send(fresh ? perSecond : WARM_UP);
    run.close();
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const run of runs) {
      const count = run.perSecond * seconds;
      await run.open();
      const before = await run.cpu();
      const times = await run.send(count);
      const after = await run.cpu();
      run.close();
      run.samples.push({
        cpu: (after.cpu - before.cpu) / count,
        database: (after.database - before.database) / count,
        p50: times[times.length >> 1] ?? Number.NaN,
        p99: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
        megabytes: after.megabytes,
      });
    }
  }
  const verdict = verdictOf(rate < JUDGED_RATE ? [] : runs);
  for (const line of [...linesOf(runs), ...verdict.lines]) console.log(line);
  if (!verdict.holds) process.exitCode = 1;
} finally {
  for (const stop of stops) stop();
  await postgres.stop();
}
