import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SignedIdentity {
  document: string;
  signature: string;
}

/** As much of one instance's metadata service (version 2) as an agent asks for. `identity` may be replaced. */
export interface IdentityService {
  url: string;
  identity: SignedIdentity;
  close(): Promise<void>;
}

const SESSION = 'session-1';

export async function serveIdentity(identity: SignedIdentity): Promise<IdentityService> {
  const server = createServer((request, response) => {
    request.resume();
    const { method, url = '', headers } = request;
    if (method === 'PUT' && headers['x-aws-ec2-metadata-token-ttl-seconds']) response.end(SESSION);
    else if (headers['x-aws-ec2-metadata-token'] !== SESSION) response.writeHead(401).end();
    else if (url.endsWith('/document')) response.end(service.identity.document);
    else if (url.endsWith('/signature')) response.end(service.identity.signature);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const service: IdentityService = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    identity,
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
  return service;
}
