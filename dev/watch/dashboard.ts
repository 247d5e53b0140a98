import type { KubeRequest, Transport } from '../../src/controller/client/transport.ts';
import type { Clock } from '../../src/controller/lib/clock.ts';
import type { Random } from '../../src/controller/lib/random.ts';
import { readAssets } from '../../src/plugin/dashboard/assets.ts';
import { followFleet } from '../../src/plugin/dashboard/fleet.ts';
import { type DashboardServer, serveDashboard } from '../../src/plugin/dashboard/server.ts';
import type { Source } from '../../src/plugin/dashboard/source.ts';
import { openCluster } from './cluster.ts';

/** The page of `kubectl workspace dashboard` for a cluster of this machine, where no kubectl need be. */
export async function startDashboard(options: {
  clock: Clock;
  random: Random;
  kubeconfigPath: string;
}): Promise<DashboardServer> {
  const { clock, random, kubeconfigPath } = options;
  const cluster = openCluster(clock, kubeconfigPath);
  const source = transportSource(cluster.transport);
  const fleet = followFleet({ source, clock, namespace: '', flags: '' });
  const server = await serveDashboard({ fleet, assets: await readAssets(), clock, random, port: 0 });
  return {
    url: server.url,
    async stop() {
      await server.stop();
      await fleet.stop();
      await cluster.close();
    },
  };
}

function transportSource(transport: Transport): Source {
  return {
    async get(path) {
      const { status, body } = await transport.request(requestOf(path));
      if (status !== 200) throw refusal(status, body);
      return body;
    },
    async *watch(path, signal) {
      const { status, body, lines } = await transport.stream({ ...requestOf(path), signal });
      if (status !== 200) throw refusal(status, body);
      yield* lines;
    },
  };
}

function requestOf(whole: string): KubeRequest {
  const [path = '', query = ''] = whole.split('?', 2);
  return { method: 'GET', path, query: Object.fromEntries(new URLSearchParams(query)) };
}

function refusal(status: number, body: unknown): Error {
  const { message } = (body ?? {}) as { message?: string };
  return new Error(message ?? `the API server answered ${status}`);
}
