import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { createIdentityAuthority } from './cloud/identity.ts';
import type { Ledger } from './cloud/ledger.ts';
import { keepSaved, readSnapshot, restore } from './cloud/snapshot.ts';
import { type Cloud, type CloudOptions, createCloud } from './cloud/state.ts';
import { CONTROL_PATH, handleControl } from './control.ts';
import type { Service } from './exchange/exchange.ts';
import { createFaults, type Faults } from './exchange/faults.ts';
import { handleAws, type Outcome } from './handler.ts';
import { attachRuntime } from './instances/machines.ts';
import type { InstanceRuntime } from './instances/runtime.ts';

export interface Ec2Options extends CloudOptions {
  instanceRuntime?: InstanceRuntime;
  logger?: Pick<Logger, 'debug' | 'error'>;
  /** Where the cloud survives a restart of its process; without it it lives in memory only. */
  stateFile?: string;
  /** 127.0.0.1's port; by default a free one. */
  port?: number;
}

export interface Ec2Server {
  /** For AWS_ENDPOINT_URL_EC2 and AWS_ENDPOINT_URL_SSM; the control endpoint is below it at `/_control/`. */
  readonly url: string;
  readonly state: Cloud;
  readonly faults: Faults;
  readonly counters: Ledger;
  readonly service: Service;
  /** The certificate that identity documents are verified with, for the operator's trusted ones. */
  readonly identityCertificatePEM: string;
  /** Ends what hangs, and what runs on instances; a second call is the same stop. */
  stop(): Promise<void>;
}

const MAX_BODY = 1_000_000;

/** Starts the embedded cloud on loopback. */
export async function startEc2(options: Ec2Options): Promise<Ec2Server> {
  const { instanceRuntime, logger } = options;
  const state = createCloud(options);
  const closing = new AbortController();
  const snapshot = options.stateFile === undefined ? undefined : readSnapshot(options.stateFile);
  const service: Service = { cloud: state, faults: createFaults(state), closing: closing.signal };
  const identity =
    snapshot === undefined ? await createIdentityAuthority(options.clock) : restore(state, snapshot);
  const saved = options.stateFile === undefined ? undefined : keepSaved(state, identity, options.stateFile);
  if (instanceRuntime !== undefined) attachRuntime(state, identity, instanceRuntime);

  const server = createServer((request, response) => {
    serve(service, instanceRuntime, request, response).catch((error: unknown) => {
      // A client that left while it was still sending is no fault of this side.
      if (request.destroyed && !request.complete) logger?.debug({ err: error }, 'a request broke off');
      else logger?.error({ err: error }, 'the embedded EC2 failed to answer a request');
      response.destroy();
    });
  });
  // A hanging request is a fault on purpose; only the client may end it.
  server.requestTimeout = 0;
  const port = await listen(server, options.port ?? 0);

  let stopped: Promise<void> | undefined;

  return {
    url: `http://127.0.0.1:${port}`,
    state,
    faults: service.faults,
    counters: state.ledger,
    service,
    identityCertificatePEM: identity.certificatePEM,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };

  async function stop(): Promise<void> {
    closing.abort();
    saved?.close();
    state.lifecycle.close();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
    await instanceRuntime?.close();
  }
}

async function serve(
  service: Service,
  runtime: InstanceRuntime | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gaveUp = new AbortController();
  response.once('close', () => gaveUp.abort());
  const body = await readBody(request);
  const http = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
  const outcome: Outcome = http.url.startsWith(CONTROL_PATH)
    ? handleControl(service, runtime?.controls, http)
    : await handleAws(service, http, gaveUp.signal);
  if ('none' in outcome) {
    if (outcome.none === 'reset') request.socket.resetAndDestroy();
    return;
  }
  response.writeHead(outcome.status, outcome.headers).end(outcome.body);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new Error(`a request to the embedded EC2 exceeds ${MAX_BODY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
  return (server.address() as AddressInfo).port;
}
