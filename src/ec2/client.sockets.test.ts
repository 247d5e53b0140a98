import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../test/support/base/virtualClock.ts';
import { createTestCalls, failureOf, runRequest } from '../../test/support/cloud/ec2.ts';

/** What a server does with one request, once its body has come. */
type Behaviour = (response: ServerResponse, request: IncomingMessage) => void;

const TIMEOUT_MS = 15_000;
const LAUNCHED =
  '<RunInstancesResponse><instancesSet><item><instanceId>i-1</instanceId><instanceState><name>pending</name></instanceState></item></instancesSet></RunInstancesResponse>';
const NO_INSTANCES = '<DescribeInstancesResponse><reservationSet/></DescribeInstancesResponse>';

let server: Server;
let endpoint: string;
/** Bodies in the order in which they came. */
let received: string[];
let script: Behaviour[];
let onRequest: () => void;

beforeEach(async () => {
  received = [];
  script = [];
  onRequest = () => undefined;
  server = createServer(async (request, response) => {
    received.push(await text(request));
    const behave = script.shift() ?? ((unexpected) => unexpected.writeHead(418).end());
    behave(response, request);
    onRequest();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
});

const answer =
  (xml: string, status = 200): Behaviour =>
  (response) =>
    response.writeHead(status, { 'content-type': 'text/xml' }).end(xml);
const reset: Behaviour = (_response, request) => request.socket.destroy();

/** Calls in virtual time: nothing times out but by `clock.advance`. */
function setUp(options: Parameters<typeof createTestCalls>[0] = {}) {
  const clock = createVirtualClock();
  return { clock, ...createTestCalls({ endpoint, clock, timeoutMs: TIMEOUT_MS, ...options }) };
}

function nextRequest(): Promise<void> {
  return new Promise((resolve) => {
    onRequest = resolve;
  });
}

describe('a launch', () => {
  it('whose answer does not come in time is in doubt, and landed all the same', async () => {
    script = [() => undefined];
    const { calls, clock, counted } = setUp();
    const arrived = nextRequest();
    const failure = failureOf(calls.runInstances(runRequest()));
    await arrived;
    await clock.advance(TIMEOUT_MS - 1);
    expect(await counted('RunInstances', 'ambiguous')).toBe(0);
    await clock.advance(1);
    expect(await failure).toMatchObject({ class: 'ambiguous', code: 'ETIMEDOUT', action: 'RunInstances' });
    expect(received).toHaveLength(1);
  });

  it('whose answer comes late stays in doubt, and its replay is byte-equal', async () => {
    let late: ServerResponse | undefined;
    script = [(response) => (late = response), answer(LAUNCHED)];
    const { calls, clock } = setUp();
    const arrived = nextRequest();
    const failure = failureOf(calls.runInstances(runRequest()));
    await arrived;
    await clock.advance(TIMEOUT_MS);
    expect((await failure).class).toBe('ambiguous');
    late?.writeHead(200).end(LAUNCHED);
    expect((await calls.runInstances(runRequest())).id).toBe('i-1');
    expect(received).toHaveLength(2);
    expect(received[1]).toBe(received[0]);
  });

  it('whose answer begins and never ends is in doubt', async () => {
    script = [
      (response) => {
        response.writeHead(200, { 'content-type': 'text/xml' });
        response.write(LAUNCHED.slice(0, 40));
      },
    ];
    const { calls, clock } = setUp();
    const arrived = nextRequest();
    const failure = failureOf(calls.runInstances(runRequest()));
    await arrived;
    for (let turn = 0; turn < 50; turn++) await clock.settle();
    await clock.advance(TIMEOUT_MS);
    expect(await failure).toMatchObject({ class: 'ambiguous', code: 'ETIMEDOUT' });
  });

  it.each<[string, Behaviour]>([
    ['is lost with the connection', reset],
    [
      'breaks off in the middle',
      (response, request) => {
        response.writeHead(200, { 'content-length': '5000' });
        response.write(LAUNCHED.slice(0, 40), () => request.socket.destroy());
      },
    ],
    ['is cut off but looks whole', answer(LAUNCHED.slice(0, 60))],
    ['is empty', answer('')],
    ['is a proxy’s error page', answer('<html>Bad Gateway</html>', 502)],
  ])('whose answer %s is in doubt, and is not repeated automatically', async (_what, behaviour) => {
    script = [behaviour];
    const { calls } = setUp();
    expect((await failureOf(calls.runInstances(runRequest()))).class).toBe('ambiguous');
    expect(received).toHaveLength(1);
  });

  it('that found no listener was certainly not sent', async () => {
    const gone = endpoint;
    await new Promise((resolve) => server.close(resolve));
    const { calls } = setUp({ endpoint: gone });
    const failure = await failureOf(calls.runInstances(runRequest()));
    expect(failure).toMatchObject({ class: 'notSent', code: 'ECONNREFUSED' });
    expect(failure.message).toContain('AWS_ENDPOINT_URL_EC2');
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  it('to a name that does not resolve was certainly not sent', async () => {
    const { calls } = setUp({ endpoint: 'http://ec2.invalid' });
    expect((await failureOf(calls.runInstances(runRequest()))).class).toBe('notSent');
  });

  it('whose credentials come after the time limit is never sent, not even then', async () => {
    let give: (identity: { accessKeyId: string; secretAccessKey: string }) => void = () => undefined;
    const asked = Promise.withResolvers<void>();
    const credentials = () => {
      asked.resolve();
      return new Promise<{ accessKeyId: string; secretAccessKey: string }>((resolve) => {
        give = resolve;
      });
    };
    const { calls, clock } = setUp({ credentials });
    let guarded = false;
    const failure = failureOf(calls.runInstances(runRequest(), { beforeSend: () => (guarded = true) }));
    await asked.promise;
    await clock.advance(TIMEOUT_MS);
    expect(await failure).toMatchObject({ class: 'notSent', code: 'ETIMEDOUT' });
    give({ accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' });
    script = [answer(NO_INSTANCES)];
    await calls.describeInstances({});
    expect(guarded).toBe(false);
    expect(received).toHaveLength(1);
    expect(received[0]).toContain('Action=DescribeInstances');
  });
});

describe('a read', () => {
  it('is asked once more when the connection turns out dead, with a token of its own', async () => {
    script = [answer(NO_INSTANCES), reset, answer(NO_INSTANCES)];
    const { calls, clock, counted } = setUp({ sizes: { Describe: { capacity: 2, refillPerSecond: 1 } } });
    await calls.describeInstances({});
    const arrived = nextRequest();
    const second = calls.describeInstances({});
    await arrived;
    for (let turn = 0; turn < 50; turn++) await clock.settle();
    expect(received).toHaveLength(2);
    await clock.advance(1_000);
    expect(await second).toEqual({ items: [] });
    expect(await counted('DescribeInstances', 'ambiguous')).toBe(1);
  });

  it('fails when that dies as well', async () => {
    script = [reset, reset, answer(NO_INSTANCES)];
    expect((await failureOf(setUp().calls.describeInstances({}))).class).toBe('ambiguous');
    expect(received).toHaveLength(2);
  });
});
