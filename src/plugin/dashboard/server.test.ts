import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../controller/lib/clock.ts';
import { systemRandom } from '../../controller/lib/random.ts';
import type { Fleet } from './fleet.ts';
import type { Update } from './models/shapes.ts';
import { type DashboardServer, serveDashboard } from './server.ts';

const WHOLE: Update = {
  isWhole: true,
  rows: [],
  gone: [],
  waits: [],
  classes: [],
  troubles: [],
  scope: 'namespace team',
};
let server: DashboardServer;
let listeners: Set<(update: Update) => void>;

beforeEach(async () => {
  listeners = new Set();
  const fleet: Fleet = {
    whole: () => WHOLE,
    detail: async (key) => {
      if (key === 'broken') throw new Error('kubectl says no');
      return undefined;
    },
    onUpdate(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    stop: async () => undefined,
  };
  const assets = {
    'index.html': { type: 'text/html', text: '<p>' },
    'main.ts': { type: 'text/javascript', text: 'x' },
  };
  server = await serveDashboard({ fleet, assets, clock: systemClock, random: systemRandom, port: 0 });
});
afterEach(() => server.stop());

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

function ask(
  url: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    asked.once('error', reject);
    asked.end();
  });
}

describe('the page', () => {
  test('is on 127.0.0.1 alone, under a secret path', async () => {
    const { hostname, pathname, origin } = new URL(server.url);
    expect(hostname).toBe('127.0.0.1');
    expect(pathname).toMatch(/^\/[A-Za-z0-9_-]{32}\/$/);
    expect((await ask(server.url)).body).toBe('<p>');
    expect((await ask(`${server.url}main.ts`)).headers['content-type']).toBe('text/javascript');
    const wrong = `${pathname.slice(0, -2)}${pathname.at(-2) === 'A' ? 'B' : 'A'}/`;
    for (const path of ['/', '/live', '/index.html', wrong, '//', pathname.slice(0, -2)])
      expect([path, (await ask(`${origin}${path}`)).status]).toEqual([path, 404]);
  });

  test.each(['constructor', '__proto__', '../server.ts', 'page/main.ts', '%2e%2e/x'])(
    'has no file %s',
    async (name) => {
      expect((await ask(`${server.url}${name}`)).status).toBe(404);
    },
  );

  test('is not for a site that has the address resolve to it, nor for a request of another site', async () => {
    const { port } = new URL(server.url);
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1',
      `127.0.0.1:${port}.evil.example`,
    ])
      expect([host, (await ask(server.url, { headers: { host } })).status]).toEqual([host, 421]);
    expect((await ask(server.url, { headers: { host: `localhost:${port}` } })).status).toBe(200);
    for (const site of ['cross-site', 'same-site'])
      expect((await ask(server.url, { headers: { 'sec-fetch-site': site } })).status).toBe(403);
    expect((await ask(server.url, { headers: { 'sec-fetch-site': 'same-origin' } })).status).toBe(200);
  });

  test('only looks', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'])
      expect([method, (await ask(server.url, { method })).status]).toEqual([method, 405]);
  });

  test('runs no script and no style but its own, refusals included', async () => {
    for (const url of [server.url, `${server.url}none`]) {
      const { headers } = await ask(url);
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy).not.toMatch(/unsafe|\*|data:|https?:/);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      });
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    }
  });
});

describe('its stream', () => {
  test('has everything at first, then each update; a page that leaves is forgotten', async () => {
    const stop = new AbortController();
    const answer = await fetch(`${server.url}live`, { signal: stop.signal });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('\n\ndata: ')) text += (await reader?.read())?.value ?? '';
    expect(JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '')).toEqual(WHOLE);
    for (const listener of listeners) listener({ ...WHOLE, isWhole: false, gone: ['team/<b>'] });
    while (!text.includes('"gone":["team/<b>"]')) text += (await reader?.read())?.value ?? '';
    stop.abort();
    await expect.poll(() => listeners.size, { timeout: 20_000 }).toBe(0);
  });

  test('is for sixteen pages at most', async () => {
    const stop = new AbortController();
    const open = async () => (await fetch(`${server.url}live`, { signal: stop.signal })).status;
    const statuses = await Promise.all(Array.from({ length: 18 }, open));
    expect(statuses.filter((status) => status === 200)).toHaveLength(16);
    expect(statuses.filter((status) => status === 503)).toHaveLength(2);
    stop.abort();
  });
});

test('a Workspace that is not there, and one that can’t be read, are answers', async () => {
  expect((await ask(`${server.url}workspace?key=team%2Fada`)).status).toBe(404);
  expect((await ask(`${server.url}workspace`)).status).toBe(404);
  const broken = await ask(`${server.url}workspace?key=broken`);
  expect([broken.status, JSON.parse(broken.body)]).toEqual([500, { message: 'kubectl says no' }]);
});
