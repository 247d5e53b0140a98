import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Agent, request as send } from 'undici';
import { createServerCertificate } from '../../dev/apiserver/transport/certificates.ts';
import { systemClock } from '../../src/controller/lib/clock.ts';
import { type Exchange, fieldsOf, withUnknownFields } from './exchange.ts';

/** What happens to one request instead of the gateway's own answer. */
export type Instead =
  | { status: number; code: string; details?: readonly string[]; retryAfterSeconds?: number }
  /** The connection breaks; the gateway hears of the request or not. */
  | 'lostRequest'
  | 'lostAnswer';

/** A TLS server in front of a gateway that writes down what an agent sends, and answers in the gateway's place when asked to. */
export interface RecordingGateway {
  url: string;
  /** The CA bundle that instances hold. */
  caPEM: string;
  exchanges: readonly Exchange[];
  /** The next requests for that path get these, in order; later ones the gateway's own answer. */
  instead(path: string, ...answers: Instead[]): void;
  /** Adds fields to each answer that the protocol does not know. */
  addUnknownFields(): void;
  /** Shows a certificate of another authority from now on, or the right one again. */
  showCertificate(which: 'right' | 'foreign'): void;
  close(): Promise<void>;
}

export async function startRecordingGateway(gatewayURL: string): Promise<RecordingGateway> {
  const [right, foreign] = await Promise.all([createServerCertificate(), createServerCertificate()]);
  const exchanges: Exchange[] = [];
  const planned = new Map<string, Instead[]>();
  let unknown = false;
  // Of its own, so that no connection stays open and holds up the gateway's end.
  const dispatcher = new Agent();
  const server = createServer({ cert: right.certPEM, key: right.keyPEM }, (request, response) => {
    void handle(request, response).catch(() => response.destroy());
  });
  server.on('tlsClientError', () => undefined);

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString();
    const { method = '', url: path = '', headers } = request;
    const exchange: Exchange = {
      at: systemClock.monotonic(),
      method,
      path,
      headers,
      fields: fieldsOf(headers['content-type'], text),
      answer: new Map(),
      isGateways: false,
    };
    exchanges.push(exchange);
    const instead = planned.get(path)?.shift();
    const cut = () => {
      exchange.answeredAt = systemClock.monotonic();
      request.socket.destroy();
    };
    if (instead === 'lostRequest') return cut();
    if (typeof instead === 'object') {
      const { status, code, details, retryAfterSeconds } = instead;
      const after = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
      const body = JSON.stringify({ code, message: 'As a gateway may answer.', details });
      exchange.status = status;
      exchange.answeredAt = systemClock.monotonic();
      response.writeHead(status, { 'content-type': 'application/json', ...after }).end(body);
      return;
    }
    const passed = Object.entries(headers).filter(([name]) =>
      ['content-type', 'accept', 'authorization', 'if-none-match'].includes(name),
    );
    const answered = await send(`${gatewayURL}${path}`, {
      method: method as 'GET' | 'POST',
      headers: Object.fromEntries(passed),
      dispatcher,
      ...(method === 'POST' && { body: text }),
    });
    let body = await answered.body.text();
    if (instead === 'lostAnswer') return cut();
    const type = String(answered.headers['content-type'] ?? '');
    exchange.status = answered.statusCode;
    exchange.isGateways = true;
    exchange.answer = path.startsWith('/v1/ca/') ? new Map() : fieldsOf(type, body);
    exchange.answeredAt = systemClock.monotonic();
    if (unknown && answered.statusCode === 200 && method === 'POST') body = withUnknownFields(type, body);
    const kept = ['content-type', 'retry-after'].flatMap((name) => {
      const value = answered.headers[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    response.writeHead(answered.statusCode, Object.fromEntries(kept)).end(body);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    caPEM: right.caPEM,
    exchanges,
    instead(path, ...answers) {
      planned.set(path, [...(planned.get(path) ?? []), ...answers]);
    },
    addUnknownFields() {
      unknown = true;
    },
    showCertificate(which) {
      const { certPEM, keyPEM } = which === 'right' ? right : foreign;
      server.setSecureContext({ cert: certPEM, key: keyPEM });
      server.closeAllConnections();
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      await dispatcher.destroy();
    },
  };
}
