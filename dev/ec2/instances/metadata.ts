import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../../src/controller/lib/clock.ts';
import type { Random } from '../../../src/controller/lib/random.ts';
import type { Machine } from './runtime.ts';

export interface MetadataRequest {
  method: string;
  path: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface MetadataResponse {
  status: number;
  body: string;
}

const MAX_TTL_SECONDS = 21_600;

/** One instance's metadata service, version 2 only ("Use the Instance Metadata Service to access instance metadata"). */
export function createMetadata(deps: {
  machine: Machine;
  clock: Clock;
  random: Random;
}): (request: MetadataRequest) => MetadataResponse {
  const { machine, clock, random } = deps;
  const sessions = new Map<string, number>();

  function openSession({ headers }: MetadataRequest): MetadataResponse {
    const ttl = Number(headers['x-aws-ec2-metadata-token-ttl-seconds']);
    if (!Number.isInteger(ttl) || ttl < 1 || ttl > MAX_TTL_SECONDS) return { status: 400, body: '' };
    const now = clock.monotonic();
    for (const [token, expiry] of sessions) if (expiry <= now) sessions.delete(token);
    const token = random.bytes(40).toString('base64url');
    sessions.set(token, now + ttl * 1000);
    return { status: 200, body: token };
  }

  return (request) => {
    if (request.path === '/latest/api/token')
      return request.method === 'PUT' ? openSession(request) : { status: 405, body: '' };
    if (request.method !== 'GET') return { status: 405, body: '' };
    const token = request.headers['x-aws-ec2-metadata-token'];
    const expiry = typeof token === 'string' ? sessions.get(token) : undefined;
    if (expiry === undefined || expiry <= clock.monotonic()) return { status: 401, body: '' };
    const body = lookUp(machine, request.path);
    return body === undefined ? { status: 404, body: '' } : { status: 200, body };
  };
}

function lookUp(machine: Machine, path: string): string | undefined {
  const interruption = machine.interruption();
  switch (path) {
    case '/latest/dynamic/instance-identity/document':
      return machine.identity().document;
    case '/latest/dynamic/instance-identity/signature':
      return machine.identity().signature;
    case '/latest/user-data':
      return machine.userData === '' ? undefined : machine.userData;
    case '/latest/meta-data/ami-id':
      return machine.imageID;
    case '/latest/meta-data/instance-life-cycle':
      return machine.spot ? 'spot' : 'on-demand';
    case '/latest/meta-data/spot/instance-action':
      return interruption && JSON.stringify({ action: interruption.action, time: interruption.time });
    case '/latest/meta-data/spot/termination-time':
      return interruption?.time;
    case '/latest/meta-data/instance-id':
      return machine.id;
    case '/latest/meta-data/instance-type':
      return machine.type;
    case '/latest/meta-data/local-ipv4':
      return machine.privateIP;
    case '/latest/meta-data/placement/availability-zone':
      return machine.zone;
    case '/latest/meta-data/placement/region':
      return machine.region;
    default:
      return undefined;
  }
}

/** Serves it on a loopback port of its own, where a real instance has 169.254.169.254. */
export async function serveMetadata(
  handle: (request: MetadataRequest) => MetadataResponse,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume();
    const { method = '', url = '', headers } = request;
    const { status, body } = handle({ method, path: url.split('?')[0] ?? '', headers });
    response.writeHead(status, { 'content-type': 'text/plain' }).end(body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve());
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
