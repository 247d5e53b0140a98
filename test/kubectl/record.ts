/**
 * Takes kubectl through the steps and writes down what it sends: `node test/kubectl/record.ts [KUBECTL…]`, each a path
 * or a name on the PATH. One file of test/fixtures/kubectl for each minor version.
 */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Handler } from '../../dev/apiserver/transport/handler.ts';
import { type Exchange, factsOf, identityOf, type Recording, scrub, toRequest } from './exchange.ts';
import { createKubectl, usable } from './kubectl.ts';
import { manifest } from './manifest.ts';
import { createRecordedServer } from './recordedServer.ts';
import { steps } from './steps/steps.ts';
import { frameFact, tapped } from './watches.ts';

async function record(binary: string, client: string): Promise<Recording> {
  const { handler } = createRecordedServer(1, (error) => {
    throw error;
  });
  const exchanges: Exchange[] = [];
  let step = '';
  const server = createServer((request, response) => {
    answer(handler, step, exchanges, request, response).catch((error) => response.destroy(error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const kubectl = await createKubectl(binary, kubeconfig((server.address() as AddressInfo).port));
  try {
    for (const { title, run } of steps) {
      step = title;
      await run(kubectl, manifest('crd'));
    }
  } finally {
    await kubectl.close();
    server.closeAllConnections();
    server.close();
  }
  return { client, exchanges };
}

async function answer(
  handler: Handler,
  step: string,
  exchanges: Exchange[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await buffer(request);
  const { accept = '', 'content-type': contentType, 'impersonate-user': as } = request.headers;
  const exchange: Exchange = {
    step,
    method: request.method ?? 'GET',
    path: scrub(request.url ?? '/'),
    accept,
    contentType,
    as: Array.isArray(as) ? as[0] : as,
    body: body.byteLength > 0 ? body.toString('base64') : undefined,
    status: 0,
    answered: '',
    facts: {},
  };
  const answered = await handler(toRequest(exchange));
  exchange.status = answered.status;
  exchange.answered = answered.headers['content-type'] ?? '';
  exchanges.push(exchange);
  response.writeHead(answered.status, { 'content-type': 'application/json', ...answered.headers });
  if (!answered.watch) {
    exchange.facts = factsOf(answered.body);
    exchange.identity = identityOf(answered.body);
    response.end(typeof answered.body === 'string' ? answered.body : JSON.stringify(answered.body));
    return;
  }
  const frames: string[] = [];
  exchange.facts = { frames };
  response.once('close', answered.watch.close);
  response.flushHeaders();
  for await (const frame of tapped(answered.watch, (one) => frames.push(frameFact(one)))) {
    response.write(`${JSON.stringify(frame)}\n`);
  }
  response.end();
}

function kubeconfig(port: number): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'recorded', cluster: { server: `http://127.0.0.1:${port}` } }],
    contexts: [{ name: 'recorded', context: { cluster: 'recorded', user: '', namespace: 'default' } }],
    'current-context': 'recorded',
  });
}

const named = process.argv.slice(2);
for (const { binary, version } of await usable(named.length > 0 ? named : ['kubectl'])) {
  const recording = await record(binary, version);
  const minor = /^v1\.\d+/.exec(version)?.[0] ?? version;
  const file = new URL(`../fixtures/kubectl/${minor}.json`, import.meta.url);
  await writeFile(file, `${JSON.stringify(recording, undefined, 1)}\n`);
  process.stdout.write(`${minor}: ${recording.exchanges.length} requests\n`);
}
