import { afterAll, beforeAll, describe, inject } from 'vitest';
import { startApiServer } from '../../../dev/apiserver/server.ts';
import { systemClock } from '../../../src/controller/clock.ts';
import { KubeConfig } from '../../../src/controller/credentials.ts';
import { kubeTransport } from '../../../src/controller/httpTransport.ts';
import { createRuntimeMetrics } from '../../../src/controller/metrics.ts';
import { systemRandom } from '../../../src/controller/random.ts';
import type { ClusterAccess } from '../../envtest/globalSetup.ts';
import { type Api, createApi } from './api.ts';
import { compactEtcd } from './etcd.ts';
import { installKinds } from './kinds.ts';

/** A server that is held to the contract, as its administrator reaches it. */
interface Server {
  kubeconfig: string;
  /** Errors of the server's own, which no request may bring out. */
  failures: unknown[];
  /** Forgets all history. */
  compact(): Promise<void>;
  stop(): Promise<void>;
}

async function startEmbedded(): Promise<Server> {
  const failures: unknown[] = [];
  const logger = { error: (fields: object) => void failures.push(fields) };
  const server = await startApiServer({ clock: systemClock, random: systemRandom, logger });
  const compact = async () => server.state.compact();
  return { kubeconfig: server.kubeconfig, failures, compact, stop: server.stop };
}

function reachReal({ kubeconfig, etcdURL }: ClusterAccess): () => Promise<Server> {
  return async () => ({
    kubeconfig,
    failures: [],
    compact: () => compactEtcd(etcdURL),
    // It is the run's, and ends with it.
    stop: async () => undefined,
  });
}

const access = inject('realCluster');
const servers: [string, () => Promise<Server>][] = [['the embedded API server', startEmbedded]];
if (access !== null) servers.push(['kube-apiserver', reachReal(access)]);

/**
 * What holds of the embedded API server and of the real one alike: the tests run against each. The real one takes part
 * where the run has a cluster.
 */
export function contract(title: string, define: (api: Api) => void): void {
  describe.each(servers)(`${title}: %s`, (_, start) => {
    let server: Server;
    let close: () => Promise<void>;
    const api = createApi({
      transport: () => transport,
      compact: () => server.compact(),
      failures: () => server.failures,
    });
    let transport: ReturnType<typeof kubeTransport>;
    beforeAll(async () => {
      server = await start();
      const loadKubeConfig = () => {
        const config = new KubeConfig();
        config.loadFromString(server.kubeconfig);
        return config;
      };
      transport = kubeTransport({ clock: systemClock, metrics: createRuntimeMetrics(), loadKubeConfig });
      close = async () => {
        await transport.close();
        await server.stop();
      };
      await installKinds(api);
    });
    afterAll(() => close());
    define(api);
  });
}
