import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { own } from '../../api/base/own.ts';
import type { Clock, Timer } from '../../controller/lib/clock.ts';
import type { Random } from '../../controller/lib/random.ts';
import type { Asset } from './assets.ts';
import type { Fleet } from './fleet.ts';
import type { Update } from './models/shapes.ts';

export interface DashboardServer {
  url: string;
  stop(): Promise<void>;
}

const TOKEN_BYTES = 24;
/** Pages open at once. */
const MOST_STREAMS = 16;
/** Bytes that a page may leave unread before it is cut off and begins again: a hidden tab of a browser reads nothing. */
const MOST_UNREAD = 16_000_000;
const BEAT_MS = 15_000;
const NO_PAGE: [number, string] = [404, 'There is no such page.'];

/**
 * No script, style or connection but our own, and no HTML made from text (`require-trusted-types-for`), so that a name with a
 * script in it stays a name even if the page had a fault.
 */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

/**
 * Serves the page on 127.0.0.1 to who has the address: another user of the machine does not know its path. A page of another
 * site, which a browser would send here (DNS rebinding), has another Host.
 */
export async function serveDashboard(options: {
  fleet: Fleet;
  assets: Readonly<Record<string, Asset>>;
  clock: Clock;
  random: Random;
  /** 0 for any free one. */
  port: number;
}): Promise<DashboardServer> {
  const { fleet, assets, clock, random, port } = options;
  const token = random.bytes(TOKEN_BYTES).toString('base64url');
  const streams = new Set<ServerResponse>();
  let hosts: readonly string[] = [];

  function answer(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const refusal = refusalOf(request);
    if (refusal) refuse(response, ...refusal);
    else serve(request.url ?? '', response);
  }

  function refusalOf({ method, headers, url = '' }: IncomingMessage): [number, string] | undefined {
    const { host = '', 'sec-fetch-site': site = 'none' } = headers;
    if (!hosts.includes(host)) return [421, 'This is not the address that was printed.'];
    if (site !== 'none' && site !== 'same-origin')
      return [403, 'Another site sent you here. Paste the address that was printed.'];
    if (method !== 'GET') return [405, 'This page only looks.'];
    return isSame(url.split('/')[1] ?? '', token) ? undefined : NO_PAGE;
  }

  function serve(url: string, response: ServerResponse): void {
    const [path = '', query = ''] = url.split('?', 2);
    const name = path.split('/').slice(2).join('/');
    const asset = own(assets, name === '' ? 'index.html' : name);
    if (name === 'live') stream(response);
    else if (name === 'workspace') void detail(response, new URLSearchParams(query).get('key') ?? '');
    else if (asset) response.writeHead(200, { 'content-type': asset.type }).end(asset.text);
    else refuse(response, ...NO_PAGE);
  }

  async function detail(response: ServerResponse, key: string): Promise<void> {
    try {
      const found = await fleet.detail(key);
      if (found) json(response, 200, found);
      else json(response, 404, { message: 'There is no such Workspace.' });
    } catch (error) {
      json(response, 500, { message: error instanceof Error ? error.message : String(error) });
    }
  }

  function stream(response: ServerResponse): void {
    if (streams.size < MOST_STREAMS) openStream(response);
    else refuse(response, 503, 'Too many pages are open.');
  }

  function openStream(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    const send = (update: Update) => {
      response.write(`data: ${JSON.stringify(update)}\n\n`);
      if (response.writableLength > MOST_UNREAD) response.destroy();
    };
    streams.add(response);
    const unsubscribe = fleet.onUpdate(send);
    response.once('close', () => {
      unsubscribe();
      streams.delete(response);
    });
    response.write('retry: 1000\n\n');
    send(fleet.whole());
  }

  const server = createServer(answer);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
  const { port: taken } = server.address() as AddressInfo;
  hosts = [`127.0.0.1:${taken}`, `localhost:${taken}`];
  let beat: Timer = clock.setTimeout(beatAll, BEAT_MS);
  function beatAll(): void {
    for (const response of streams) response.write(':\n\n');
    beat = clock.setTimeout(beatAll, BEAT_MS);
  }
  return {
    url: `http://127.0.0.1:${taken}/${token}/`,
    async stop() {
      beat.cancel();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${why}\n`);
}

function json(response: ServerResponse, status: number, value: object): void {
  response
    .writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
    .end(JSON.stringify(value));
}

/** In a time that says nothing about where they differ. */
function isSame(shown: string, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(shown), digest(token));
}
