import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the ports that Linux and the BSDs give to outgoing connections (from 32768 and 49152 by default): a connection of
 * another process would otherwise take the port before the server listens there.
 */
const LEAST_PORT = 20_000;
const BEYOND_PORT = 32_000;

/** A port of 127.0.0.1 that was free a moment ago, for programs that need the number before a server listens there. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LEAST_PORT, BEYOND_PORT);
    if (await isFree(port)) return port;
  }
}

/** Whether no process listens on that port of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  try {
    await bind(port);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false;
    throw error;
  }
}

/** Listens there for a moment; answers with the port. */
async function bind(port: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('no port on 127.0.0.1');
  return address.port;
}
