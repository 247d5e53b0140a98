import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request as ask } from 'undici';

/** Stands before the cloud for one caller and keeps what that one asked. */
export interface ActionRecorder {
  url: string;
  /** Names of the actions so far, dry runs apart. */
  actions: readonly string[];
  stop(): Promise<void>;
}

export async function recordActions(cloudURL: string): Promise<ActionRecorder> {
  const actions: string[] = [];
  const server = createServer(async (message, response) => {
    let body = '';
    message.setEncoding('utf8');
    for await (const text of message) body += text;
    const query = new URLSearchParams(body);
    actions.push(`${query.get('Action')}${query.get('DryRun') === 'true' ? ' (dry run)' : ''}`);
    const { host: _ours, connection: _hop, 'content-length': _length, ...headers } = message.headers;
    try {
      const answer = await ask(`${cloudURL}${message.url}`, {
        method: 'POST',
        headers,
        body,
        headersTimeout: 0,
      });
      response.writeHead(answer.statusCode, { 'content-type': 'text/xml' });
      response.end(await answer.body.text());
    } catch {
      // The caller sees what happened: no answer.
      response.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    actions,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
