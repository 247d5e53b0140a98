import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { needShellInstances } from '../../../dev/instances/shellRuntime.ts';
import { createCanary, findCanary } from '../../../test/support/base/canary.ts';
import { serveMetadata } from '../../../test/support/cloud/metadata.ts';
import { createGatewayFixture, type GatewayFixture, UID } from '../../../test/support/gateway/gateway.ts';
import { agentDigest, readAgentFiles } from '../../agent/files.ts';
import { renderUserData } from '../../agent/userData.ts';
import { type HeartbeatStore, StoreUnavailable } from './heartbeatStore.ts';

let fixture: GatewayFixture;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const canary = createCanary();

function withSecret(): void {
  fixture.secrets.set('team/ada-env', new Map([['API_KEY', Buffer.from(canary)]]));
  fixture.put();
}

async function databaseText(): Promise<string> {
  const tables = await fixture.database.query(
    `SELECT quote_ident(schemaname) || '.' || quote_ident(relname) AS name FROM pg_stat_user_tables`,
  );
  expect(tables.length).toBeGreaterThanOrEqual(3);
  const contents = await Promise.all(
    tables.map(({ name }) => fixture.database.query(`SELECT * FROM ${String(name)}`)),
  );
  return JSON.stringify(contents);
}

test('the search finds the canary in each encoding', () => {
  expect(findCanary(canary, `x${canary}y`)).not.toEqual([]);
  expect(findCanary(canary, Buffer.from(`xy${canary}z`).toString('base64'))).not.toEqual([]);
  expect(findCanary(canary, JSON.stringify({ a: canary }))).not.toEqual([]);
  expect(findCanary(canary, createCanary())).toEqual([]);
});

test('a secret value reaches the instance, and no log line, row, metric, user data or console', async () => {
  needShellInstances();
  fixture = await createGatewayFixture({ agent: { present: readAgentFiles(), find: async () => undefined } });
  cleanups.push(() => fixture.close());
  withSecret();
  const { url } = await fixture.gateway.start();
  const root = await mkdtemp(join(tmpdir(), 'workspace-canary-test-'));
  cleanups.push(() => rm(root, { recursive: true, force: true }));
  const userData = renderUserData({
    stub: 2,
    agentDigest: agentDigest(readAgentFiles().script),
    gatewayURL: url,
    ticket: fixture.ticket(),
    uid: UID,
    number: 1,
  });
  await writeFile(join(root, 'user-data'), userData);
  const metadata = await serveMetadata(fixture.identity());
  cleanups.push(() => metadata.close());
  let console = '';
  const child = spawn('sh', [join(root, 'user-data')], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, WORKSPACE_ROOT: root, AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url },
  });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (console += String(chunk)));
  cleanups.push(async () => {
    const exited = new Promise((resolve) => child.once('exit', resolve));
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await exited;
  });
  await expect
    .poll(() => fixture.store.find({ uid: UID, number: 1 }), { timeout: 30_000 })
    .toMatchObject({ fresh: true });

  const environment = await readFile(join(root, 'run/workspace-agent/environment'), 'utf8');
  expect(environment).toContain(`export API_KEY='${canary.replaceAll("'", "'\\''")}'\n`);
  const places = {
    logs: fixture.logs.join(''),
    rows: await databaseText(),
    metrics: await fixture.registry.metrics(),
    userData,
    console,
    view: (await fixture.gateway.inject({ url: '/v1/workspaces/team/ada' })).body,
  };
  expect(console).toContain('environment received');
  for (const [place, text] of Object.entries(places))
    expect([place, findCanary(canary, text)]).toEqual([place, []]);
});

test('no error quotes what it failed on', async () => {
  let failure: 'secrets' | 'store' | undefined;
  fixture = await createGatewayFixture({
    readSecret: async (namespace, name) => {
      if (failure === 'secrets') throw new Error(`could not read ${canary}`);
      return fixture.secrets.get(`${namespace}/${name}`);
    },
    wrapStore: (store): HeartbeatStore => ({
      ...store,
      recordServed: async (key, env) => {
        if (failure === 'store') throw new StoreUnavailable('the database answered 08006');
        await store.recordServed(key, env);
      },
    }),
  });
  cleanups.push(() => fixture.close());
  withSecret();
  const bodies: string[] = [];
  const post = async (url: string, payload: string, type = 'application/json') => {
    const answer = await fixture.gateway.inject({
      method: 'POST',
      url,
      payload,
      headers: { 'content-type': type, authorization: `Bearer ${canary.replaceAll(/[^!-~]/g, '')}` },
    });
    bodies.push(answer.body);
    return answer.statusCode;
  };
  const introduce = async () => {
    const body = { uid: UID, number: 1, ticket: fixture.ticket(), ...fixture.identity() };
    const answer = await fixture.gateway.inject({ method: 'POST', url: '/v1/bootstrap', payload: body });
    bodies.push(answer.body);
    return answer.statusCode;
  };
  failure = 'secrets';
  expect(await introduce()).toBe(503);
  failure = 'store';
  expect(await introduce()).toBe(503);
  const quoted = JSON.stringify(canary);
  expect(await post('/v1/bootstrap', `{"ticket": ${quoted}`)).toBe(400);
  expect(await post('/v1/bootstrap', `{"ticket": ${quoted}}`)).toBe(401);
  expect(await post('/v1/bootstrap', `ticket ${canary}`, 'text/plain')).toBe(400);
  expect(await post('/v1/heartbeat', `{"number": ${quoted}, "env": ${quoted}, ${quoted}: 1}`)).toBe(400);
  expect(await post('/v1/reports', `{"namespace": ${quoted}, "name": "ada"}`)).toBe(400);
  expect(findCanary(canary, bodies.join('\n'))).toEqual([]);
  expect(findCanary(canary, fixture.logs.join(''))).toEqual([]);
});
