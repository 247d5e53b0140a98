import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { kubeTransport } from '../../../src/controller/client/httpTransport.ts';
import { type Clock, systemClock } from '../../../src/controller/lib/clock.ts';
import { createRuntimeMetrics } from '../../../src/controller/serve/metrics.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse, connection: number) => void;

export const closers: (() => Promise<void>)[] = [];
export async function closeServers(): Promise<void> {
  for (const close of closers.splice(0)) await close();
}

export async function serve(
  handler: Handler,
  token: () => string = () => 'first',
  clock: Clock = systemClock,
) {
  const sockets: Socket[] = [];
  const server: Server = createServer((request, response) => {
    handler(request, response, sockets.indexOf(request.socket) + 1);
  });
  server.on('connection', (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  let loads = 0;
  const metrics = createRuntimeMetrics();
  const transport = kubeTransport({
    clock,
    metrics,
    loadKubeConfig: () => {
      loads++;
      const config = new KubeConfig();
      // client-node speaks plain HTTP only where TLS verification is off anyway.
      const cluster = { name: 'test', server: `http://127.0.0.1:${port}/prefix`, skipTLSVerify: true };
      config.loadFromClusterAndUser(cluster, { name: 'test', token: token() });
      return config;
    },
  });
  closers.push(async () => {
    await transport.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { transport, metrics, sockets, loads: () => loads };
}
