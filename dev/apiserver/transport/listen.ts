import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { StatusError, unauthorized } from '../errors/statusErrors.ts';
import { ConnectionLost } from '../faults/faults.ts';
import type { ApiResponse } from '../request/http.ts';
import { administrator, type User } from '../request/user.ts';
import type { Watch } from '../request/watchStream.ts';
import { createServerCertificate } from './certificates.ts';
import type { Handler } from './handler.ts';

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

type UserOf = (token: string) => User | undefined;

async function serve(
  handler: Handler,
  userOf: UserOf,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://localhost');
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : value,
    ]),
  );
  const trusted = open.includes(url.pathname) || url.pathname.startsWith('/_control/');
  try {
    const [, token] = /^Bearer (\S+)$/.exec(headers.authorization ?? '') ?? [];
    const user = token === undefined ? undefined : userOf(token);
    if (!trusted && user === undefined) throw unauthorized();
    const body = await readBody(request);
    const answer = await handler({
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers,
      body,
      ...(user === undefined ? {} : { user }),
    });
    if (answer.watch === undefined) sendAnswer(response, answer);
    else await sendWatch(response, answer.watch);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    sendAnswer(response, { status: error.code, headers: { connection: 'close' }, body: error.body() });
  }
}

export interface Listening {
  url: string;
  caPEM: string;
  stop(): Promise<void>;
}

/**
 * Serves a handler on 127.0.0.1 with TLS, under a certificate authority of its own.
 * @param port 0 for any free one
 * @param userOf whose token it is; where it isn't given every token will do
 * @param report receives requests that broke off, unless a fault or the client ended them
 */
export async function listen(
  handler: Handler,
  port: number,
  report: (error: unknown, what: string) => void,
  userOf: UserOf = () => administrator,
): Promise<Listening> {
  const { caPEM, certPEM, keyPEM } = await createServerCertificate();
  const server = createServer({ cert: certPEM, key: keyPEM }, (request, response) => {
    serve(handler, userOf, request, response).catch((error: unknown) => {
      // The client sees its connection break.
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
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    caPEM,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
