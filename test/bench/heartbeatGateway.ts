import { randomBytes } from 'node:crypto';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { createIdentityAuthority } from '../../dev/ec2/cloud/identity.ts';
import { API_VERSION } from '../../src/api/base/meta.ts';
import { type Workspace, workspaceSpec, workspaceStatus } from '../../src/api/kinds/workspace.ts';
import { systemClock } from '../../src/controller/lib/clock.ts';
import { systemRandom } from '../../src/controller/lib/random.ts';
import { allowEveryone } from '../../src/gateway/access/callers.ts';
import { createSession } from '../../src/gateway/access/credentials.ts';
import { createKeyRing, KEY_KINDS } from '../../src/gateway/access/keys.ts';
import { createGateway } from '../../src/gateway/server.ts';
import { createPostgresStore } from '../../src/gateway/store/postgresStore.ts';
import { silentLogger } from '../support/base/silentLogger.ts';
import { BARE, startBare } from './bareServers.ts';

// A process of its own, for heartbeats.ts: its CPU time is the gateway's, or that of a server it is compared with.

const CLUSTER = 'bench';
const order = z
  .object({
    databaseURL: z.string(),
    workspaces: z.number(),
    kind: z.enum(['gateway', ...BARE]),
    tls: z.object({ cert: z.string(), key: z.string() }).optional(),
  })
  .parse(JSON.parse(process.env.BENCH_ORDER ?? ''));

function workspaceOf(uid: string): Workspace {
  const at = '2026-01-01T00:00:00.000Z';
  const env = `k1:${'0'.repeat(64)}`;
  return {
    apiVersion: API_VERSION,
    kind: 'Workspace',
    metadata: { namespace: 'bench', name: uid, uid, resourceVersion: '1' },
    spec: workspaceSpec.parse({ className: 'standard' }),
    status: workspaceStatus.parse({
      desired: { generation: 1, env, machine: 'm', cause: 'Created', at },
      launch: {
        number: 1,
        generation: 1,
        cause: { kind: 'Created', ref: '1' },
        phase: 'Submitted',
        readyAt: at,
      },
    }),
  };
}

/** As long as a session, for a server that checks none. */
function strangers(): string[] {
  const mac = 'A'.repeat(43);
  return Array.from(
    { length: order.workspaces },
    (_, i) => `s1.k1.${btoa(JSON.stringify([`uid-${i}`, 1]))}.${mac}`,
  );
}

async function startGateway(): Promise<{ url: string; sessions: string[] }> {
  const keys = createKeyRing(
    KEY_KINDS.map((kind) => ({ kind, id: 'k1', number: 1, key: randomBytes(32) })),
    'the benchmark',
  );
  const byUID = new Map<string, Workspace>();
  for (let i = 0; i < order.workspaces; i += 1) byUID.set(`uid-${i}`, workspaceOf(`uid-${i}`));
  const logger = silentLogger();
  const gateway = createGateway({
    clusterID: CLUSTER,
    keys,
    workspaces: {
      get: () => undefined,
      keys: () => [],
      onChange: () => () => undefined,
      byIndex: (_name, uid) => {
        const workspace = byUID.get(uid);
        return workspace ? [workspace] : [];
      },
    },
    classes: { get: () => undefined },
    readSecret: async () => undefined,
    store: createPostgresStore({ databaseURL: order.databaseURL, logger }),
    trustedCertificates: [(await createIdentityAuthority(systemClock)).certificatePEM],
    agent: { present: { script: '', unit: '' }, find: async () => undefined },
    clock: systemClock,
    random: systemRandom,
    logger,
    metrics: new Registry(),
    callers: allowEveryone,
    host: '127.0.0.1',
    port: 0,
    ...(order.tls && { tls: order.tls }),
    limits: { perLaunch: 1e9, perCaller: 1e9, perAddress: 1e9 },
  });
  const { url } = await gateway.start();
  const session = keys.current('session');
  const sessions = [...byUID.keys()].map((uid) =>
    createSession(session, { clusterID: CLUSTER, uid, number: 1 }),
  );
  return { url, sessions };
}

const { kind } = order;
process.send?.(
  await (kind === 'gateway' ? startGateway() : { url: await startBare(kind), sessions: strangers() }),
);
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicroseconds: user + system, megabytes: Math.round(process.memoryUsage.rss() / 1e6) });
});
process.on('disconnect', () => process.exit());
