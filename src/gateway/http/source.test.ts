import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { createGatewayFixture, type GatewayFixture } from '../../../test/support/gateway/gateway.ts';
import { limitConnections } from './connections.ts';
import { sourceOf } from './source.ts';

let fixture: GatewayFixture | undefined;
afterEach(() => fixture?.close());

test.each([
  ['10.0.0.9', '10.0.0.9'],
  ['::ffff:10.0.0.9', '10.0.0.9'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8:1::', '2001:db8:1:0::/64'],
  ['', ''],
])('%s counts as %s', (address, source) => {
  expect(sourceOf(address)).toBe(source);
});

/** A connection that its peer opens from this address. */
class Peer extends EventEmitter {
  readonly remoteAddress: string;
  readonly remotePort: number;
  destroyed = false;
  constructor(remoteAddress: string, remotePort: number) {
    super();
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
  }
  destroy(): void {
    this.destroyed = true;
  }
}

test('an instance with a network of addresses closes its own connections, not those of others', () => {
  const server = new EventEmitter();
  limitConnections(server as Server, { total: 20, perAddress: 10 }, () => undefined);
  const open = (peer: Peer) => {
    server.emit('connection', peer);
    return peer;
  };
  const neighbours = Array.from({ length: 5 }, (_, index) =>
    open(new Peer('2001:db8:0:1::7', 1_000 + index)),
  );
  const flood = Array.from({ length: 100 }, (_, index) => open(new Peer(`2001:db8:0:2::${index}`, 2_000)));
  expect(neighbours.filter(({ destroyed }) => destroyed)).toEqual([]);
  expect(flood.filter(({ destroyed }) => !destroyed)).toHaveLength(10);
});

test('a client that comes back from the same port before its first connection is closed is counted right', () => {
  const server = new EventEmitter();
  const closed: string[] = [];
  limitConnections(server as Server, { total: 10, perAddress: 5 }, (why) => closed.push(why));
  const open = (port: number) => {
    const peer = new Peer('10.0.0.9', port);
    server.emit('connection', peer);
    return peer;
  };
  for (let round = 0; round < 100; round += 1) {
    const [first, again] = [open(1), open(1)];
    first.emit('close');
    again.emit('close');
  }
  expect(closed).toEqual([]);
  const [first, again] = [open(1), open(1)];
  first.emit('close');
  for (let port = 2; port < 7; port += 1) open(port);
  expect(closed).toEqual(['address']);
  expect(again.destroyed).toBe(true);
});

test('a credential spares a connection once its request has come whole, and no longer than until its answer', () => {
  const server = new EventEmitter();
  const connections = limitConnections(server as Server, { total: 20, perAddress: 3 }, () => undefined);
  const open = (port: number) => {
    const peer = new Peer('10.0.0.9', port);
    server.emit('connection', peer);
    return peer;
  };
  const slow = { socket: open(1), complete: false } as never;
  const whole = { socket: open(2), complete: true } as never;
  for (const request of [slow, whole]) {
    expect(connections.begin(request)).toBe(true);
    connections.prove(request);
  }
  const [third, fourth] = [open(3), open(4)];
  const closed = () => [slow, whole].map(({ socket }: { socket: Peer }) => socket.destroyed);
  expect([closed(), third.destroyed]).toEqual([[true, false], false]);
  open(5);
  expect([closed(), third.destroyed, fourth.destroyed]).toEqual([[true, false], true, false]);
  connections.end(whole);
  open(6);
  expect([closed(), fourth.destroyed]).toEqual([[true, true], false]);
});

test('requests from all addresses of such a network count as one sender’s', async () => {
  fixture = await createGatewayFixture({ limits: { perLaunch: 5, perCaller: 5, perAddress: 10 } });
  const statuses: number[] = [];
  for (let index = 0; index < 12; index += 1) {
    const answers = await Promise.all([
      fixture.gateway.inject({ method: 'GET', url: '/none', remoteAddress: `2001:db8:0:2::${index}` }),
      fixture.gateway.inject({
        method: 'POST',
        url: '/v1/bootstrap',
        remoteAddress: `2001:db8:0:2::${index}`,
      }),
    ]);
    statuses.push(...answers.map(({ statusCode }) => statusCode));
  }
  expect(statuses.slice(0, 20)).not.toContain(429);
  expect(statuses.slice(20)).toEqual([429, 429, 429, 429]);
});
