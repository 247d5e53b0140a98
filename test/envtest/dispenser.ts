import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { Cluster } from './cluster.ts';

const dispensed = z.object({
  id: z.string(),
  url: z.string(),
  caPEM: z.string(),
  token: z.string(),
  kubeconfig: z.string(),
  etcdURL: z.string(),
  etcdPrefix: z.string(),
  auditLog: z.string(),
  pid: z.int(),
});

/**
 * Clusters on request, over HTTP on loopback: POST / starts one, DELETE /ID stops it. The process that dispenses them
 * owns their programs, so that they end with the run even where the worker that asked is killed.
 */
export async function startDispenser(start: () => Promise<Cluster>) {
  const clusters = new Map<string, Cluster>();
  const answer = async ({ method, url = '/' }: IncomingMessage): Promise<unknown> => {
    if (method === 'POST') {
      const cluster = await start();
      clusters.set(cluster.id, cluster);
      return cluster;
    }
    const cluster = clusters.get(url.slice(1));
    clusters.delete(url.slice(1));
    await cluster?.stop();
    return {};
  };
  const server = createServer((message, response: ServerResponse) => {
    answer(message).then(
      (body) => response.end(JSON.stringify(body)),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async stop(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await Promise.all([...clusters.values()].map((cluster) => cluster.stop()));
    },
  };
}

/** A cluster of one's own. Rejects with why there is none. */
export async function openCluster(dispenser: string): Promise<Cluster> {
  const answer = await fetch(dispenser, { method: 'POST' });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`no cluster: ${text}`);
  const cluster = dispensed.parse(JSON.parse(text));
  return {
    ...cluster,
    async stop() {
      await (await fetch(new URL(cluster.id, dispenser), { method: 'DELETE' })).text();
    },
  };
}
