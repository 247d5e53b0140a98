import { fork } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { startDatabase } from '../../../dev/postgres/database.ts';
import { systemClock as clock } from '../../../src/controller/lib/clock.ts';
import { type BenchServer, startEmbedded, startReal } from '../apiServer/apiServer.ts';

export interface Copy {
  uid: string;
  name: string;
  token: string;
}

export interface Servers {
  api: BenchServer;
  databaseURL: string;
  /** What an operator needs in its environment. */
  env: Record<string, string>;
  /** Copies an instance for each of these; resolves with their ids. */
  copyInstance(like: string, copies: readonly Copy[]): Promise<string[]>;
  stop(): Promise<void>;
}

/** API server, EC2 and Postgres, each in a process of its own. */
export async function startServers(isReal: boolean): Promise<Servers> {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const step of stops.splice(0).reverse()) await step();
  };
  try {
    const api = await (isReal ? startReal() : startEmbedded());
    stops.push(() => api.stop());
    const { hostname, port } = new URL(api.access.url);
    const database = await startDatabase({ clock });
    stops.push(() => database.stop());
    const cloud = fork(join(import.meta.dirname, 'cloudProcess.ts'));
    stops.push(async () => cloud.disconnect());
    const answer = () => new Promise<unknown>((resolve) => cloud.once('message', resolve));
    const { url } = z.object({ url: z.string() }).parse(await answer());
    return {
      api,
      databaseURL: database.url,
      env: {
        KUBERNETES_SERVICE_HOST: hostname,
        KUBERNETES_SERVICE_PORT: port,
        BENCH_MOUNT: api.access.mount,
        AWS_REGION: 'eu-central-1',
        AWS_ENDPOINT_URL_EC2: url,
        AWS_ENDPOINT_URL_SSM: url,
        AWS_ACCESS_KEY_ID: 'embedded',
        AWS_SECRET_ACCESS_KEY: 'embedded',
        DATABASE_URL: database.url,
        WORKSPACE_GATEWAY_URL: 'https://127.0.0.1:8443',
        WORKSPACE_METRICS_LISTEN_HOST: '127.0.0.1',
        WORKSPACE_HEALTH_LISTEN_HOST: '127.0.0.1',
        WORKSPACE_HEALTH_LISTEN_PORT: '0',
      },
      async copyInstance(like, copies) {
        const answered = answer();
        cloud.send({ like, copies });
        return z.object({ ids: z.array(z.string()) }).parse(await answered).ids;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
