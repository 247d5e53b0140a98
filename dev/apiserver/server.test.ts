import { Agent, request } from 'node:https';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { systemClock } from '../../src/controller/lib/clock.ts';
import { systemRandom } from '../../src/controller/lib/random.ts';
import { type RunningApiServer, startApiServer } from './server.ts';
import { configMap, configMapsPath } from './testApi.ts';
import { metaOf } from './values/json.ts';
import type { JsonObject } from './values/kinds.ts';

let server: RunningApiServer;
let agent: Agent;
beforeEach(async () => {
  server = await startApiServer({ clock: systemClock, random: systemRandom });
  agent = new Agent({ ca: server.caPEM, keepAlive: true });
});
afterEach(async () => {
  agent.destroy();
  await server.stop();
});

/** The administrator's. */
function bearer(): Record<string, string> {
  const { users } = parse(server.kubeconfig) as { users: [{ user: { token: string } }] };
  return { authorization: `Bearer ${users[0].user.token}` };
}

interface Answer {
  status: number | undefined;
  text: string;
}

function call(
  method: string,
  path: string,
  body?: JsonObject,
  headers: Record<string, string> = bearer(),
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${server.url}${path}`, { method, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, text }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Lines of a watch, and how it ended. */
function watch(
  path: string,
): Promise<{ lines: string[]; until(count: number): Promise<void>; ended: Promise<Error | undefined> }> {
  return new Promise((resolve, reject) => {
    const sent = request(`${server.url}${path}`, { agent, headers: bearer() }, (response) => {
      const lines: string[] = [];
      let rest = '';
      let look = () => {};
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const parts = `${rest}${chunk}`.split('\n');
        rest = parts.pop() ?? '';
        lines.push(...parts);
        look();
      });
      const ended = new Promise<Error | undefined>((end) => {
        response.on('end', () => end(undefined));
        response.on('error', end);
      });
      const until = (count: number) =>
        new Promise<void>((done) => {
          look = () => {
            if (lines.length >= count) done();
          };
          look();
        });
      resolve({ lines, until, ended });
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('the kubeconfig says where it is, whom to trust and how to sign in', () => {
  expect(parse(server.kubeconfig)).toMatchObject({
    'current-context': 'workspace-dev',
    clusters: [
      {
        cluster: {
          server: server.url,
          'certificate-authority-data': Buffer.from(server.caPEM).toString('base64'),
        },
      },
    ],
    users: [{ user: { token: expect.stringMatching(/^\S{32}$/) } }],
  });
});

test('objects go in and out over TLS', async () => {
  expect((await call('POST', configMapsPath, configMap('a'))).status).toBe(201);
  const { status, text } = await call('GET', `${configMapsPath}/a`);
  expect(status).toBe(200);
  expect(JSON.parse(text)).toMatchObject({ kind: 'ConfigMap', data: { a: '1' } });
});

test('without a token only health and version answer', async () => {
  expect(await call('GET', configMapsPath, undefined, {})).toMatchObject({
    status: 401,
    text: expect.stringContaining('"Unauthorized"'),
  });
  expect(await call('GET', '/healthz', undefined, {})).toEqual({ status: 200, text: 'ok' });
  expect((await call('GET', '/version', undefined, {})).status).toBe(200);
});

test('a body beyond all bounds is 413', async () => {
  const answer = call('POST', configMapsPath, { data: { a: 'x'.repeat(4 * 1024 * 1024) } });
  // The server may hang up on what is still being sent.
  const outcome = await answer.then(
    ({ status }) => status,
    () => 'closed',
  );
  expect([413, 'closed']).toContain(outcome);
});

describe('watches', () => {
  test('headers come at once, each change as a line', async () => {
    const { lines, until } = await watch(`${configMapsPath}?watch=true`);
    await call('POST', configMapsPath, configMap('a'));
    await until(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'a' } } });
  });

  test('a closed one breaks off, one that times out ends properly', async () => {
    const broken = await watch(`${configMapsPath}?watch=true`);
    const limited = await watch('/api/v1/secrets?watch=true&timeoutSeconds=1');
    server.faults.closeWatches({ resources: ['configmaps'] });
    expect(await broken.ended).toBeInstanceOf(Error);
    expect(await limited.ended).toBeUndefined();
  });
});

test('a lost answer is a closed connection', async () => {
  server.faults.add({ effect: { kind: 'disconnect', when: 'after' }, times: 1 });
  await expect(call('POST', configMapsPath, configMap('a'))).rejects.toThrow('socket hang up');
  const { text } = await call('GET', `${configMapsPath}/a`);
  expect(metaOf(JSON.parse(text)).name).toBe('a');
});

test('stop ends every connection', async () => {
  const open = await watch(`${configMapsPath}?watch=true`);
  await server.stop();
  await open.ended;
  await expect(call('GET', '/healthz')).rejects.toThrow('ECONNREFUSED');
  server = await startApiServer({ clock: systemClock, random: systemRandom });
});
