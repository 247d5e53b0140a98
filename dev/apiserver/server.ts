import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type ApiServer, type ApiServerOptions, createApiServer } from './apiServer.ts';
import { createServerCertificate } from './certificates.ts';
import { ConnectionLost } from './faults.ts';
import type { Handler } from './handler.ts';
import type { ApiResponse } from './http.ts';
import { kubeconfigOf } from './kubeconfig.ts';
import { type Persistence, persist } from './persistence.ts';
import { StatusError, unauthorized } from './statusErrors.ts';
import { createStore } from './store.ts';
import type { Watch } from './watch.ts';

export interface Logger {
  error(fields: object, message: string): void;
}

export interface StartOptions extends Omit<ApiServerOptions, 'report'> {
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

const maxBodyBytes = 3 * 1024 * 1024;
/** Answered without credentials, as by a real server's default roles. */
const open = ['/healthz', '/readyz', '/livez', '/version'];

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maxBodyBytes) {
      throw new StatusError(
        413,
        'RequestEntityTooLarge',
        `Request entity too large: limit is ${maxBodyBytes}`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function sendAnswer(response: ServerResponse, answer: ApiResponse): void {
  const plain = typeof answer.body === 'string';
  const text = plain ? String(answer.body) : JSON.stringify(answer.body ?? {});
  response.writeHead(answer.status, {
    'content-type': plain ? 'text/plain; charset=utf-8' : 'application/json',
    'content-length': Buffer.byteLength(text),
    ...answer.headers,
  });
  response.end(text);
}

async function sendWatch(response: ServerResponse, watch: Watch): Promise<void> {
  // While the request was being processed the client may have left, and then there is no more 'close' to come.
  if (response.destroyed) return watch.close();
  response.once('close', watch.close);
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  for await (const frame of watch.frames) {
    if (response.write(`${JSON.stringify(frame)}\n`)) continue;
    await new Promise<void>((resolve) => {
      response.once('drain', resolve);
      response.once('close', resolve);
    });
  }
  response.end();
}

async function serve(handler: Handler, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://localhost');
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : value,
    ]),
  );
  const trusted = open.includes(url.pathname) || url.pathname.startsWith('/_control/');
  try {
    // Whose token it is makes no difference: this server listens on the loopback interface and keeps nobody out.
    if (!trusted && !/^Bearer \S+$/.test(headers.authorization ?? '')) throw unauthorized();
    const body = await readBody(request);
    const answer = await handler({
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers,
      body,
    });
    if (answer.watch === undefined) sendAnswer(response, answer);
    else await sendWatch(response, answer.watch);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    sendAnswer(response, { status: error.code, headers: { connection: 'close' }, body: error.body() });
  }
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
  const api = createApiServer({ ...options, report }, store);
  const { caPEM, certPEM, keyPEM } = await createServerCertificate();
  const server = createServer({ cert: certPEM, key: keyPEM }, (request, response) => {
    serve(api.handler, request, response).catch((error: unknown) => {
      // The client sees its connection break; the log hears of it unless that was asked for, or the client's own doing.
      if (!(error instanceof ConnectionLost) && !request.destroyed)
        report(error, `${request.method} ${request.url}`);
      request.socket.destroy();
    });
  });
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...api,
    url,
    caPEM,
    kubeconfig: kubeconfigOf(url, caPEM, random.bytes(24).toString('base64url')),
    async stop() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await persistence?.close();
    },
  };
}
