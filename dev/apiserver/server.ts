import { type ApiServer, type ApiServerOptions, createApiServer } from './apiServer.ts';
import { type Persistence, persist } from './storage/persistence.ts';
import { createStore } from './storage/store.ts';
import { kubeconfigOf } from './transport/kubeconfig.ts';
import { listen } from './transport/listen.ts';

export interface Logger {
  error(fields: object, message: string): void;
}

export interface StartOptions extends Omit<ApiServerOptions, 'report' | 'administratorToken'> {
  logger?: Logger;
  /** Keeps the state across restarts; without it the state is in memory alone. */
  file?: string;
  /** Default: any free one. */
  port?: number;
}

export interface RunningApiServer extends ApiServer {
  url: string;
  caPEM: string;
  /** A kubeconfig, as YAML. */
  kubeconfig: string;
  stop(): Promise<void>;
}

/** Listens on 127.0.0.1 with TLS, under a certificate authority of its own. */
export async function startApiServer(options: StartOptions): Promise<RunningApiServer> {
  const { clock, random, logger, file, port = 0 } = options;
  const report = (error: unknown, what: string): void => logger?.error({ err: error }, `API server: ${what}`);
  const store = createStore(options.historyLimit);
  let persistence: Persistence | undefined;
  if (file !== undefined) {
    persistence = await persist(store, file, clock, (error) => report(error, `${file} was not written`));
  }
  const administratorToken = random.bytes(24).toString('base64url');
  const api = createApiServer({ ...options, administratorToken, report }, store);
  const { url, caPEM, stop } = await listen(api.handler, port, report, api.userOf);
  return {
    ...api,
    url,
    caPEM,
    kubeconfig: kubeconfigOf(url, caPEM, administratorToken),
    async stop() {
      await stop();
      await persistence?.close();
    },
  };
}
