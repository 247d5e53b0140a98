import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createIdentityAuthority, type IdentityAuthority } from '../../../dev/ec2/cloud/identity.ts';
import { API_VERSION } from '../../../src/api/base/meta.ts';
import {
  digestEnvironment,
  mergeEnvironment,
  type SecretData,
} from '../../../src/api/environment/environment.ts';
import {
  type Workspace,
  type WorkspaceStatus,
  workspaceSpec,
  workspaceStatus,
} from '../../../src/api/kinds/workspace.ts';
import { type WorkspaceClass, workspaceClassSpec } from '../../../src/api/kinds/workspaceClass.ts';
import { systemClock } from '../../../src/controller/lib/clock.ts';
import { systemRandom } from '../../../src/controller/lib/random.ts';
import { allowEveryone } from '../../../src/gateway/access/callers.ts';
import { createTicket } from '../../../src/gateway/access/credentials.ts';
import { createKeyRing, type KeyRing } from '../../../src/gateway/access/keys.ts';
import type { AgentShelf } from '../../../src/gateway/routes/agent.ts';
import type { ClassReader } from '../../../src/gateway/served/lookup.ts';
import { createGateway, type Gateway, type GatewayOptions } from '../../../src/gateway/server.ts';
import type { HeartbeatStore } from '../../../src/gateway/store/heartbeatStore.ts';
import { createPostgresStore } from '../../../src/gateway/store/postgresStore.ts';
import type { TestDatabase } from './postgres.ts';

export const CLUSTER = 'cluster-1';
export const UID = '0b6d2f5e-5d43-4c2a-9a36-3f6c0d1b2a10';
export const INSTANCE = 'i-0123456789abcdef0';

export function testKeyRing(): KeyRing {
  const kinds = ['digest', 'ticket', 'session'] as const;
  return createKeyRing(
    kinds.map((kind) => ({ kind, id: 'k1', number: 1, key: systemRandom.bytes(32) })),
    'the test',
  );
}

/** A gateway on a real database, whose Workspaces and Secrets are two maps. */
export interface GatewayFixture {
  gateway: Gateway;
  /** Another replica, on the same database and the same maps. */
  another(options: Partial<GatewayOptions>): Gateway;
  store: HeartbeatStore;
  database: TestDatabase;
  keys: KeyRing;
  authority: IdentityAuthority;
  registry: Registry;
  workspaces: Map<string, Workspace>;
  secrets: Map<string, SecretData>;
  classes: Map<string, WorkspaceClass>;
  /** Every log line so far. */
  logs: string[];
  /** Puts a Workspace whose launch 1 is submitted and whose desired environment is that of the Secrets now. */
  put(change?: (workspace: Workspace, status: WorkspaceStatus) => void): Workspace;
  /** Deletes one by its `namespace/name`. */
  remove(key: string): void;
  ticket(number?: number): string;
  /** What documents of instances are checked with. */
  certificatePEM: string;
  /** The signed document of an instance. */
  identity(instanceID?: string, fields?: Record<string, string>): { document: string; signature: string };
  close(): Promise<void>;
}

/** Loaded where a run has one alone: Vitest can't be loaded outside of it. */
async function databaseOfRun(): Promise<TestDatabase> {
  const { createTestDatabase } = await import('./postgres.ts');
  return createTestDatabase();
}

let authority: Promise<IdentityAuthority> | undefined;

/** Each class has the heartbeat period that is in force at the moment, s. */
export function classesBeating(periodSeconds: () => number): ClassReader {
  return {
    get: (name) => ({
      apiVersion: API_VERSION,
      kind: 'WorkspaceClass',
      metadata: { name, uid: 'c', resourceVersion: '1' },
      spec: {
        ...workspaceClassSpec.partial().parse({}),
        heartbeat: { periodSeconds: periodSeconds(), timeoutSeconds: 5 * periodSeconds() },
      } as never,
    }),
  };
}

export async function createGatewayFixture(
  over: Partial<GatewayOptions> & {
    /** By default one of the test run's. */
    database?: TestDatabase;
    agent?: AgentShelf;
    wrapStore?: (store: HeartbeatStore) => HeartbeatStore;
  } = {},
): Promise<GatewayFixture> {
  authority ??= createIdentityAuthority(systemClock);
  const [database, signer] = await Promise.all([over.database ?? databaseOfRun(), authority]);
  const logs: string[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void logs.push(line) });
  const keys = testKeyRing();
  const registry = new Registry();
  const postgres = createPostgresStore({ databaseURL: database.url, logger });
  const store = over.wrapStore?.(postgres) ?? postgres;
  const workspaces = new Map<string, Workspace>();
  const secrets = new Map<string, SecretData>();
  const classes = new Map<string, WorkspaceClass>();
  const listeners = new Set<(event: { object: Workspace }) => void>();
  const publish = (object: Workspace) => {
    for (const listener of listeners) listener({ object });
  };
  const opened: Gateway[] = [];
  const options: GatewayOptions = {
    clusterID: CLUSTER,
    keys,
    workspaces: {
      get: (key) => workspaces.get(key),
      keys: () => [...workspaces.keys()],
      onChange(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      byIndex: (name, value) =>
        [...workspaces.values()].filter(
          ({ metadata, status }) => (name === 'uid' ? metadata.uid : status?.instance?.privateIP) === value,
        ),
    },
    classes: { get: (name) => classes.get(name) },
    readSecret: async (namespace, name) => secrets.get(`${namespace}/${name}`),
    store,
    trustedCertificates: [signer.certificatePEM],
    agent: { present: { script: '#!/bin/sh\n', unit: '[Unit]\n' }, find: async () => undefined },
    clock: systemClock,
    random: systemRandom,
    logger,
    metrics: registry,
    callers: allowEveryone,
    host: '127.0.0.1',
    port: 0,
    flushIntervalMs: 5,
    ...over,
  };
  const open = (more: Partial<GatewayOptions>) => {
    const gateway = createGateway({ ...options, ...more });
    opened.push(gateway);
    return gateway;
  };

  return {
    gateway: open({}),
    another: (more) => open({ metrics: new Registry(), ...more }),
    store,
    database,
    keys,
    certificatePEM: signer.certificatePEM,
    authority: signer,
    registry,
    workspaces,
    secrets,
    classes,
    logs,
    put(change) {
      const workspace = submitted(keys, secrets);
      if (workspace.status) change?.(workspace, workspace.status);
      workspaces.set(`${workspace.metadata.namespace}/${workspace.metadata.name}`, workspace);
      publish(workspace);
      return workspace;
    },
    remove(key) {
      const workspace = workspaces.get(key);
      workspaces.delete(key);
      if (workspace) publish(workspace);
    },
    ticket: (number = 1) => createTicket(keys.current('ticket'), { clusterID: CLUSTER, uid: UID, number }),
    identity: (instanceID = INSTANCE, fields = {}) =>
      signer.sign(JSON.stringify({ instanceId: instanceID, region: 'eu-test-1', ...fields })),
    async close() {
      for (const gateway of opened) await gateway.stop();
      await postgres.close();
      await database.release();
    },
  };
}

function submitted(keys: KeyRing, secrets: ReadonlyMap<string, SecretData>): Workspace {
  const spec = workspaceSpec.parse({
    className: 'standard',
    envFrom: [...secrets.keys()].map((key) => ({ secretRef: { name: key.split('/')[1] } })),
    env: [{ name: 'EDITOR', value: 'vim' }],
  });
  const data = new Map([...secrets].map(([key, value]) => [key.split('/')[1] ?? '', value]));
  const at = '2026-01-01T00:00:00.000Z';
  return {
    apiVersion: API_VERSION,
    kind: 'Workspace',
    metadata: { namespace: 'team', name: 'ada', uid: UID, resourceVersion: '1' },
    spec,
    status: workspaceStatus.parse({
      desired: {
        generation: 1,
        env: digestEnvironment(keys.current('digest'), mergeEnvironment(spec, data).variables),
        machine: 'm',
        cause: 'Created',
        at,
      },
      launch: {
        number: 1,
        generation: 1,
        cause: { kind: 'Created', ref: '1' },
        phase: 'Submitted',
        openedAt: at,
        submittedAt: at,
        instanceID: INSTANCE,
      },
      instance: { id: INSTANCE, state: 'running', privateIP: '10.0.0.9' },
    }),
  };
}
