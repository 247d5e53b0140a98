import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket, connect as tcpConnect } from 'node:net';
import { freePort } from '../../../dev/ports.ts';

/** A port of loopback, or of another address. */
export type Place = number | { host: string; port: number };

/** A port that leads elsewhere. While it is shut, connections to it are refused. */
export interface Door {
  readonly port: number;
  open(): Promise<void>;
  /** Breaks what goes through it, too. */
  shut(): Promise<void>;
}

const addressOf = (place: Place) => (typeof place === 'number' ? { host: '127.0.0.1', port: place } : place);

/** On any free port of loopback. @param targets what is behind it; each connection goes to the first that takes it */
export async function createDoor(...targets: Place[]): Promise<Door> {
  return createDoorAt(await freePort(), ...targets);
}

export async function createDoorAt(place: Place, ...targets: Place[]): Promise<Door> {
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  const { host, port: wanted } = addressOf(place);
  let port = wanted;

  function keep(socket: Socket): void {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  }

  function lead(caller: Socket, [target, ...others]: Place[]): void {
    if (target === undefined) return void caller.destroy();
    const inner = tcpConnect(addressOf(target));
    let connected = false;
    keep(inner);
    inner.once('connect', () => {
      connected = true;
      caller.pipe(inner).pipe(caller);
    });
    inner.once('error', () => (connected ? caller.destroy() : lead(caller, others)));
    inner.once('close', () => connected && caller.destroy());
    caller.once('close', () => inner.destroy());
  }

  async function open(): Promise<void> {
    server = createServer((caller) => {
      keep(caller);
      // Its end is the other side's as well; nothing else follows from an error here.
      caller.on('error', () => caller.destroy());
      lead(caller, targets);
    });
    server.listen(port, host);
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  }

  async function shut(): Promise<void> {
    const closed = new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
    server = undefined;
  }

  await open();
  await shut();
  return {
    get port() {
      return port;
    },
    open,
    shut,
  };
}
