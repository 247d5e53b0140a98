import { createSocket } from 'node:dgram';
import { NODE_IP } from './place.ts';

const HEADER = 12;
const ANSWER = 0x84_00;
const NO_SUCH_NAME = 3;
const A = 1;
const TTL_S = 1;

/** Answers with a Service's address, by NAME.NAMESPACE.svc; undefined where there is none. */
export type Resolve = (name: string, namespace: string) => string | undefined;

/** The cluster's DNS: A records of Services (RFC 1035, sections 3.2 and 4.1), which is all that these tests ask for. */
export async function startDns(resolve: Resolve): Promise<() => Promise<void>> {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => socket.send(answer(query, resolve), from.port, from.address));
  await new Promise<void>((ready) => socket.bind(53, NODE_IP, ready));
  return () => new Promise((closed) => socket.close(closed));
}

function answer(query: Buffer, resolve: Resolve): Buffer {
  const labels: string[] = [];
  let at = HEADER;
  for (let length = query[at]; length; length = query[at]) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  const type = query.readUInt16BE(at + 1);
  const question = query.subarray(HEADER, at + 5);
  const [name = '', namespace = '', kind] = labels;
  const address = kind === 'svc' && [3, 5].includes(labels.length) ? resolve(name, namespace) : undefined;
  const header = Buffer.from(query.subarray(0, HEADER));
  const isAnswered = address !== undefined && type === A;
  header.writeUInt16BE(ANSWER | (address === undefined ? NO_SUCH_NAME : 0), 2);
  header.writeUInt16BE(isAnswered ? 1 : 0, 6);
  // No authorities, and nothing more.
  header.fill(0, 8);
  return Buffer.concat([header, question, ...(isAnswered ? [record(address)] : [])]);
}

/** Of the name that the question has. */
function record(address: string): Buffer {
  const head = Buffer.from([0xc0, HEADER, 0, A, 0, 1, 0, 0, 0, TTL_S, 0, 4]);
  return Buffer.concat([head, Buffer.from(address.split('.').map(Number))]);
}
