import Fastify, { type FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';

/** A fault, in words without secrets; or a note, if all is well and there is still something to report. */
export type HealthAnswer = string | { note: string } | undefined;
/** A throw counts as wrong. */
export type HealthCheck = () => HealthAnswer | Promise<HealthAnswer>;

export interface ListenOptions {
  /** Default 0.0.0.0. */
  host?: string;
  /** 0 takes any free port. */
  port: number;
}

export interface ListeningServer {
  port: number;
  close(): Promise<void>;
}

export interface HealthOptions extends ListenOptions {
  /** Failing ones ask for a restart: name only what a restart fixes. */
  livez: Readonly<Record<string, HealthCheck>>;
  readyz: Readonly<Record<string, HealthCheck>>;
}

/** `/livez`, `/readyz` and `/healthz` as kube-apiserver answers them: `ok`, or 500 and a line a check; the lines always with `?verbose`. */
export async function startHealthServer(options: HealthOptions): Promise<ListeningServer> {
  const app = Fastify({ logger: false });
  const routes = { livez: options.livez, healthz: options.livez, readyz: options.readyz };
  for (const [route, checks] of Object.entries(routes)) {
    app.get<{ Querystring: { verbose?: string } }>(`/${route}`, async (request, reply) => {
      const results = await Promise.all(Object.entries(checks).map(runCheck));
      const isOK = results.every((result) => result.problem === undefined);
      const lines = results.map(({ name, problem, note }) =>
        problem === undefined ? `[+]${name} ok${note ? `: ${note}` : ''}` : `[-]${name} failed: ${problem}`,
      );
      const isVerbose = request.query.verbose !== undefined || !isOK;
      const last = isOK ? `${route} check passed` : `${route} check failed`;
      reply.code(isOK ? 200 : 500).type('text/plain; charset=utf-8');
      return isVerbose ? [...lines, last, ''].join('\n') : 'ok';
    });
  }
  return listen(app, options);
}

interface Result {
  name: string;
  problem?: string | undefined;
  note?: string;
}

async function runCheck([name, check]: [string, HealthCheck]): Promise<Result> {
  try {
    const answer = await check();
    return typeof answer === 'object' ? { name, note: answer.note } : { name, problem: answer };
  } catch (error) {
    return { name, problem: error instanceof Error ? error.message : 'the check itself failed' };
  }
}

/** `/metrics` in Prometheus' text format. */
export async function startMetricsServer(
  options: ListenOptions & { registry: Registry },
): Promise<ListeningServer> {
  const app = Fastify({ logger: false });
  app.get('/metrics', async (_request, reply) => {
    reply.type(options.registry.contentType);
    return options.registry.metrics();
  });
  return listen(app, options);
}

async function listen(
  app: FastifyInstance,
  { host = '0.0.0.0', port }: ListenOptions,
): Promise<ListeningServer> {
  await app.listen({ host, port });
  const address = app.server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () => app.close(),
  };
}
