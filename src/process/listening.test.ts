import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { listening } from './listening.ts';

let holder: Server | undefined;
afterEach(() => new Promise<void>((resolve) => (holder ? holder.close(() => resolve()) : resolve())));

function listen(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}

test('reports a port that another process has by its setting, with what to do', async () => {
  holder = await listen('127.0.0.1', 0);
  const address = holder.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await expect(listening('gateway.listenPort', listen('127.0.0.1', port))).rejects.toThrow(
    `--gateway-listen-port (WORKSPACE_GATEWAY_LISTEN_PORT): another process listens there; end it, or give another port (listen EADDRINUSE: address already in use 127.0.0.1:${port})`,
  );
});

test('reports an address that is not of this machine likewise', async () => {
  await expect(listening('observability.healthListenPort', listen('192.0.2.1', 0))).rejects.toThrow(
    /^--health-listen-port \(WORKSPACE_HEALTH_LISTEN_PORT\): this machine does not have that address; give another host/,
  );
});

test('what else goes wrong stays as it is', async () => {
  await expect(listening('gateway.listenPort', Promise.reject(new Error('no key')))).rejects.toThrow(
    /^no key$/,
  );
});
