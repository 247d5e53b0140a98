import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CLUSTER, createGatewayFixture, type GatewayFixture } from '../../../test/support/gateway/gateway.ts';
import { systemClock } from '../../controller/lib/clock.ts';
import { createSession } from '../access/credentials.ts';
import { toLines } from '../base/lines.ts';
import { createHeartbeatQueue } from '../heartbeats/heartbeatQueue.ts';
import { type Heartbeat, StoreRefused } from '../store/heartbeatStore.ts';

let fixture: GatewayFixture;
beforeEach(async () => {
  fixture = await createGatewayFixture();
  for (let index = 0; index < NEIGHBOURS; index += 1) put(`uid-${index}`);
  put(HOSTILE);
});
afterEach(() => fixture.close());

const NEIGHBOURS = 8;
const HOSTILE = 'uid-hostile';
const ENV = `k1:${'0'.repeat(64)}`;

function put(uid: string): void {
  const workspace = fixture.put();
  fixture.workspaces.set(`team/${uid}`, {
    ...workspace,
    metadata: { ...workspace.metadata, name: uid, uid },
  });
}

function send(uid: string, over: Record<string, unknown> = {}, format: 'json' | 'lines' = 'json') {
  const session = createSession(fixture.keys.current('session'), { clusterID: CLUSTER, uid, number: 1 });
  const body = { number: 1, boot: 1, seq: 1, env: ENV, ...over };
  return fixture.gateway.inject({
    method: 'POST',
    url: '/v1/heartbeat',
    headers: {
      authorization: `Bearer ${session}`,
      ...(format === 'lines' && { 'content-type': 'text/plain' }),
    },
    payload: format === 'lines' ? toLines(body as Parameters<typeof toLines>[0]) : body,
  });
}

const at = (time: string) => ({ interruption: { action: 'terminate', at: time } });

/** At and beyond the edge of each column; what is optional is ignored, and costs that field alone. */
const EDGES: readonly [string, Record<string, unknown>, number | readonly string[]][] = [
  ['the year 0', at('0000-01-01T00:00:00Z'), ['interruption']],
  ['the year 10000 by its offset', at('9999-12-31T23:59:59-23:59'), ['interruption']],
  ['the year -1 by its offset', at('0000-01-01T00:00:00+23:59'), ['interruption']],
  ['a moment before any instance', at('1999-12-31T23:59:59Z'), ['interruption']],
  ['the first moment', at('2000-01-01T00:00:00Z'), 200],
  ['the last moment', at('9998-12-31T23:59:59.999Z'), 200],
  ['a leap second', at('2016-12-31T23:59:60Z'), ['interruption']],
  ['the largest boot counter', { boot: 2 ** 31 - 1 }, 200],
  ['one more', { boot: 2 ** 31 }, 400],
  ['the largest sequence', { seq: 10 ** 14 }, 200],
  ['one more', { seq: 10 ** 14 + 1 }, 400],
  ['more digits than a number has', { seq: '9'.repeat(16) }, 400],
  ['the most tasks', { activeTasks: 2 ** 31 - 1 }, 200],
  ['one more', { activeTasks: 2 ** 31 }, ['activeTasks']],
  ['fewer than none', { activeTasks: -1 }, ['activeTasks']],
  ['a NUL in the agent’s version', { agent: 'a\0b' }, ['agent']],
  ['a NUL in the URL', { url: 'http://a\0b' }, ['url']],
  ['half a character in the URL', { url: 'http://a\ud800' }, ['url']],
  ['the longest URL', { url: `http://${'a'.repeat(2041)}` }, 200],
  ['one character more', { url: `http://${'a'.repeat(2042)}` }, ['url']],
  ['a trouble of no release', { trouble: 'Nonsense\0' }, ['trouble']],
  ['a known trouble', { trouble: 'CommandFailing' }, 200],
  ['two optional fields that are malformed', { url: 'x', activeTasks: 'y' }, ['activeTasks', 'url']],
  ['a NUL in the digest', { env: `k1:${'0'.repeat(63)}\0` }, 400],
];

describe.each(['json', 'lines'] as const)('in %s, a heartbeat with', (format) => {
  test.each(EDGES)('%s fails or is stored alone; its neighbours are stored', async (_edge, over, status) => {
    const neighbours = Array.from({ length: NEIGHBOURS }, (_, index) => send(`uid-${index}`));
    const hostile = send(HOSTILE, over, format);
    expect((await Promise.all(neighbours)).map(({ statusCode }) => statusCode)).toEqual(
      Array.from({ length: NEIGHBOURS }, () => 200),
    );
    const ignored = typeof status === 'number' ? [] : status;
    const answer = await hostile;
    expect(answer.statusCode).toBe(typeof status === 'number' ? status : 200);
    expect(answer.json().ignored ?? []).toEqual(ignored);
  });
});

test('a row that passes the routes and that Postgres refuses fails alone', async () => {
  const queue = createHeartbeatQueue({ store: fixture.store, clock: systemClock, flushIntervalMs: 5 });
  const beat = (uid: string, over: Partial<Heartbeat> = {}): Heartbeat => ({
    ...{ uid, number: 1, boot: 1, seq: 1, env: ENV, acknowledged: false },
    ...over,
  });
  const neighbours = Array.from({ length: NEIGHBOURS }, (_, index) => queue.submit(beat(`row-${index}`)));
  const refused = queue.submit(beat('row-bad', { agent: 'a\0b' })).catch((error: unknown) => error);
  expect(await Promise.all(neighbours)).toHaveLength(NEIGHBOURS);
  expect(await refused).toMatchObject({ code: 'invalid_request', cause: expect.any(StoreRefused) });
  expect(await fixture.store.find({ uid: 'row-0', number: 1 })).toMatchObject({ fresh: true });
  await queue.stop();
});
