import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface ConnectProxy {
  url: string;
  /** Where it was asked to lead to, `host:port`, in order. */
  asked: readonly string[];
  /** Answers with this status from now on, and lets nothing pass; undefined lets pass. */
  refuseWith(status: number | undefined): void;
  stop(): Promise<void>;
}

/** An HTTP proxy on loopback that lets CONNECT alone pass, and leads wherever it is asked to one port here. */
export async function startConnectProxy(toPort: () => number, login?: string): Promise<ConnectProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  let status: number | undefined;
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    asked.push(request.url ?? '');
    const wanted = login && `Basic ${Buffer.from(login).toString('base64')}`;
    const refusal = status ?? (wanted && request.headers['proxy-authorization'] !== wanted ? 407 : undefined);
    if (refusal !== undefined) {
      client.end(`HTTP/1.1 ${refusal} Refused\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const onward = connect(toPort(), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(client);
      client.pipe(onward);
    });
    onward.on('error', () => client.destroy());
    client.on('close', () => onward.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://${login ? `${login}@` : ''}127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    refuseWith(next) {
      status = next;
      if (next !== undefined) for (const socket of sockets) socket.destroy();
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
