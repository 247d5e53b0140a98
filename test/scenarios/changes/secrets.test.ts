import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tagMap } from '../../../dev/ec2/base/tags.ts';
import { TAG } from '../../../src/api/launch/tags.ts';
import type { Operator } from '../../../src/operator/operator.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { readExposition } from '../../alerts/exposition.ts';
import { metricsOf, readAlerts } from '../../alerts/rules.ts';
import { createCanary, findCanary } from '../../support/base/canary.ts';
import { CLASSES, classManifest, NAMESPACE, SECRETS } from '../scene/objects.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { until } from '../scene/until.ts';
import {
  conditionOf,
  createWorkspace,
  patchWorkspace,
  untilGone,
  untilReady,
  untilWorkspace,
} from '../scene/workspaces.ts';

/** A class's sixty seconds, ms. */
const WINDOW_MS = 3_000;

/** Counters whose labels name what others answer. */
const OPEN = new Set([
  'reflector_failures_total',
  'rest_client_requests_total',
  'workspace_instance_seconds_total',
]);

const firstLine = createCanary();
const secondLine = createCanary();
const replaced = createCanary();
/** Bytes that are no text; with a NUL among them, they can't be a variable either. */
const binary = Buffer.from(randomBytes(48).map((byte) => byte || 1));
const withNul = Buffer.concat([randomBytes(48), Buffer.alloc(1)]);
const changed = createCanary();
const CANARIES = { firstLine, secondLine, replaced, binary, withNul, changed };

describe('only its instance sees a secret value', () => {
  let scene: Scene;
  let operator: Operator;
  const bodies: string[] = [];
  const userData: string[] = [];
  let metrics = '';

  /** As `kubectl apply` leaves it: the values once more, in an annotation. */
  async function apply(name: string, values: Record<string, Buffer>): Promise<void> {
    const data = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, value.toString('base64')]),
    );
    const applied = JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, data });
    const metadata = {
      name,
      namespace: NAMESPACE,
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': applied },
    };
    const exists = (await scene.kube.list(SECRETS, { namespace: NAMESPACE })).items.some(
      (secret) => secret.metadata.name === name,
    );
    if (exists) await scene.kube.mergePatch(SECRETS, metadata, { metadata, data });
    else await scene.kube.create(SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata, data }, NAMESPACE);
  }

  /** Speaks to the gateway as somebody who got hold of a value, and keeps what is answered. */
  async function present(path: string, body: string, credential: string): Promise<void> {
    const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
    const answer = await request(`${scene.stack.gatewayURL}${path}`, {
      method: 'POST',
      dispatcher,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${credential}` },
      body,
    });
    expect(answer.statusCode).toBeGreaterThanOrEqual(400);
    bodies.push(await answer.body.text());
    await dispatcher.close();
  }

  beforeAll(async () => {
    scene = await createScene();
    operator = await scene.start();
    await scene.kube.create(CLASSES, classManifest('impatient', { startupTimeoutSeconds: 40 }));
  });
  afterAll(() => scene.close());

  test('its life: made, changed, restarted, refused by EC2, timed out, deleted', async () => {
    const { ec2, agents } = scene.stack;
    const values = {
      LINES: Buffer.from(`${firstLine}\n${secondLine}\n`),
      REPLACED: Buffer.from(replaced),
      BINARY: binary,
      WITH_NUL: withNul,
    };
    await apply('vault-env', values);
    await createWorkspace(scene, 'vault');
    const first = await untilReady(scene, 'vault', 1);
    await wait(WINDOW_MS);

    ec2.faults.add({
      action: 'RunInstances',
      dryRun: true,
      match: { [`tag:${TAG.name}`]: 'vault' },
      fault: { kind: 'error', code: 'InvalidParameterValue', message: 'The user data is not right.' },
    });
    await apply('vault-env', { ...values, REPLACED: Buffer.from(changed) });
    await untilWorkspace(
      scene,
      'vault',
      'refused',
      (it) => conditionOf(it, 'UpToDate')?.reason === 'InvalidConfiguration',
    );
    const second = await untilReady(scene, 'vault', 2);
    expect(second.status?.desired?.changed).toEqual(['vault-env/REPLACED']);
    await patchWorkspace(scene, 'vault', { spec: { requests: { restart: 'again' } } });
    await untilReady(scene, 'vault', 3);

    const printed = [
      changed,
      firstLine,
      JSON.stringify({ secondLine }),
      binary.toString('hex'),
      withNul.toString('hex'),
    ];
    const encoded = Buffer.from(`export BINARY='${binary.toString('base64')}' REPLACED='${changed}'`);
    // As it starts: a busy machine may come to look only at the second of them.
    ec2.state.lifecycle.subscribe((instance, state) => {
      if (state !== 'running' || tagMap(instance.tags)[TAG.name] !== 'mute') return;
      instance.console += [...printed, encoded.toString('base64'), 'agent: failed'].join('\n');
    });
    agents.hold(`${NAMESPACE}/mute`, true);
    await createWorkspace(scene, 'mute', {
      className: 'impatient',
      envFrom: [{ secretRef: { name: 'vault-env' } }],
    });
    const late = await untilWorkspace(
      scene,
      'mute',
      'StartupTimeout',
      (it) => conditionOf(it, 'Ready')?.message.includes('The console ends') === true,
    );
    expect(conditionOf(late, 'Ready')?.message).toMatch(/\[redacted\].*agent: failed/);

    const quoted = JSON.stringify(changed);
    const credential = Buffer.from(changed).toString('base64url');
    await present('/v1/bootstrap', `{"uid":${quoted},"ticket":${quoted}}`, credential);
    await present('/v1/heartbeat', `{"number":${quoted},"env":${quoted},${quoted}:1}`, credential);
    await present('/v1/reports', `{"namespace":${quoted},"name":${quoted}}`, credential);

    for (const { userData: text } of ec2.state.instances.values()) userData.push(text);
    metrics = await (await fetch(`http://127.0.0.1:${operator.metricsPort}/metrics`)).text();
    for (const name of ['vault', 'mute']) await scene.kube.delete(WORKSPACES, name, NAMESPACE);
    for (const name of ['vault', 'mute']) await untilGone(scene, name);
    await until('the log has the end', () =>
      scene.logs.some((line) => line.event === 'provision.ec2_stopped' && line.uid === first.metadata.uid),
    );
  });

  async function databaseText(): Promise<string> {
    const client = new pg.Client({ connectionString: scene.stack.databaseURL });
    await client.connect();
    try {
      const tables = await client.query<{ name: string }>(
        `SELECT quote_ident(schemaname) || '.' || quote_ident(relname) AS name FROM pg_stat_user_tables`,
      );
      const contents: unknown[] = [];
      for (const { name } of tables.rows) contents.push((await client.query(`SELECT * FROM ${name}`)).rows);
      return JSON.stringify(contents);
    } finally {
      await client.end();
    }
  }

  // Each with something that must be there, or the search would be of nothing.
  const places: [string, () => string | Promise<string>, string][] = [
    ['the log', () => JSON.stringify(scene.logs), 'launch.bootstrapped'],
    ['objects and events of the cluster', async () => (await scene.history()).others, 'StartupTimeout'],
    ['the database', databaseText, 'served_env'],
    ['user data as the cloud received it', () => userData.join('\n'), 'WORKSPACE_TICKET'],
    ['tags', () => JSON.stringify(scene.stack.ec2.counters.provisions()), 'vault'],
    ['metrics', () => metrics, 'workspace_provisions_total{cause="SecretChanged"} 1'],
    ['answers of the gateway', () => bodies.join('\n'), 'invalid_request'],
  ];
  test.each(places)('nothing of it is in %s', async (_place, read, marker) => {
    const text = await read();
    expect(text).toContain(marker);
    for (const value of Object.values(CANARIES)) expect(findCanary(value, text)).toEqual([]);
  });

  test('alerts use only metrics that the running operator exports', async () => {
    // One without a series now, such as missing evidence, is announced all the same.
    const names = [...readExposition(metrics).keys()];
    for (const { alert, expr } of await readAlerts())
      for (const { metric } of metricsOf(expr)) expect(names, alert).toContain(metric);
  });

  test('the running operator’s counters whose labels are known before begin at 0, and a fleet leaves room to 2,000 series', () => {
    const exported = readExposition(metrics);
    const silent = [...exported].filter(([, { type, series }]) => type === 'counter' && series.length === 0);
    // What the API server answers is no list of ours, nor is what EC2 has.
    expect(silent.map(([name]) => name).filter((name) => !OPEN.has(name))).toEqual([]);
    expect(exported.get('workspace_provisions_total')?.series).toContain('{cause="Impaired"}');
    const counts = [...exported.values()].map(({ series }) => series.length);
    // The fleet's own are counted in src/reconcilers/figures/metrics.test.ts.
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(1_000);
  });

  test('the search would find them: the Secrets hold them, annotation and all', async () => {
    const { secrets } = await scene.history();
    for (const value of Object.values(CANARIES)) expect(findCanary(value, secrets)).not.toEqual([]);
  });
});
