import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SignedIdentity {
  document: string;
  signature: string;
}

/** As much of one instance's metadata service (version 2) as an agent asks for. What it says may be replaced. */
export interface MetadataService {
  url: string;
  identity: SignedIdentity;
  /** What `spot/instance-action` answers; undefined until EC2 announces an interruption. */
  notice: string | undefined;
  lifeCycle: 'spot' | 'on-demand';
  /** How often the notice was asked for. */
  looks: number;
  close(): Promise<void>;
}

const SESSION = 'session-1';

export async function serveMetadata(identity: SignedIdentity): Promise<MetadataService> {
  const server = createServer((request, response) => {
    request.resume();
    const { method, url = '', headers } = request;
    if (method === 'PUT' && headers['x-aws-ec2-metadata-token-ttl-seconds']) response.end(SESSION);
    else if (headers['x-aws-ec2-metadata-token'] !== SESSION) response.writeHead(401).end();
    else if (url.endsWith('/document')) response.end(service.identity.document);
    else if (url.endsWith('/signature')) response.end(service.identity.signature);
    else if (url.endsWith('/instance-life-cycle')) response.end(service.lifeCycle);
    else if (url.endsWith('/spot/instance-action')) {
      service.looks += 1;
      response.writeHead(service.notice === undefined ? 404 : 200).end(service.notice);
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const service: MetadataService = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    identity,
    notice: undefined,
    lifeCycle: 'on-demand',
    looks: 0,
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
  return service;
}
