import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { startApiServer } from '../../../dev/apiserver/server.ts';
import { kubeTransport } from '../../../src/controller/client/httpTransport.ts';
import type { Transport } from '../../../src/controller/client/transport.ts';
import { systemClock } from '../../../src/controller/lib/clock.ts';
import { systemRandom } from '../../../src/controller/lib/random.ts';
import { createRuntimeMetrics } from '../../../src/controller/serve/metrics.ts';
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

type ClosableTransport = ReturnType<typeof kubeTransport>;

/** @param token another's than the kubeconfig's */
function transportOf(kubeconfig: string, token?: string): ClosableTransport {
  const loadKubeConfig = () => {
    const config = new KubeConfig();
    config.loadFromString(kubeconfig);
    const users = token === undefined ? config.users : config.users.map(({ name }) => ({ name, token }));
    config.loadFromOptions({ ...config, users });
    return config;
  };
  return kubeTransport({ clock: systemClock, metrics: createRuntimeMetrics(), loadKubeConfig });
}

/**
 * What holds of the embedded API server and of the real one alike: the tests run against each. The real one takes part
 * where the run has a cluster.
 */
export function contract(title: string, define: (api: Api) => void): void {
  describe.each(servers)(`${title}: %s`, (_, start) => {
    let server: Server;
    let close: () => Promise<void>;
    const transports: ClosableTransport[] = [];
    const login = (token?: string): ClosableTransport => {
      const transport = transportOf(server.kubeconfig, token);
      transports.push(transport);
      return transport;
    };
    const speaking = (transport: () => Transport): Api =>
      createApi({
        transport,
        compact: () => server.compact(),
        failures: () => server.failures,
        as(token) {
          const other = login(token);
          return speaking(() => other);
        },
      });
    let administrator: Transport;
    const api = speaking(() => administrator);
    beforeAll(async () => {
      server = await start();
      administrator = login();
      close = async () => {
        for (const transport of transports) await transport.close();
        await server.stop();
      };
      await installKinds(api);
    });
    afterAll(() => close());
    define(api);
  });
}
