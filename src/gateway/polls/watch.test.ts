import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createGatewayFixture, type GatewayFixture } from '../../../test/support/gateway/gateway.ts';
import { workspaceGone, workspaceView } from '../views/workspaceView.ts';

let fixture: GatewayFixture;
let url: string;

beforeEach(async () => {
  fixture = await createGatewayFixture({
    // Shorter than the watches below are open.
    times: { headersMs: 10_000, requestMs: 20_000, answerMs: 300, idleMs: 65_000 },
  });
  ({ url } = await fixture.gateway.start());
});
afterEach(() => fixture.close());

/** Reads a watch event by event. */
async function watch(query = '', headers: Record<string, string> = {}) {
  const answer = await fetch(`${url}/v1/watch/workspaces${query}`, { headers });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    answer,
    async next(): Promise<
      { event: string; id: string | undefined; data: Record<string, unknown> } | undefined
    > {
      for (;;) {
        const [block, rest] = text.split(/\n\n(.*)/s);
        if (rest === undefined || block === undefined) {
          const read = await reader?.read();
          if (read === undefined || read.done) return undefined;
          text += read.value;
          continue;
        }
        text = rest;
        const [, event] = /^event: (.+)$/m.exec(block) ?? [];
        if (event === undefined) continue;
        const [, data = ''] = /^data: (.+)$/m.exec(block) ?? [];
        return { event, id: /^id: (.*)$/m.exec(block)?.[1], data: JSON.parse(data) };
      }
    },
  };
}

/** A busy machine may need longer than the short time that answers have here. */
async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  const until = Date.now() + 60_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > until) throw error;
    }
  }
}

test('a watch outlasts the time of other answers, sends changes, resumes from a list, and ends as the gateway stops', async () => {
  fixture.put();
  const { version } = await untilAnswered(
    async () => (await fetch(`${url}/v1/workspaces`)).json() as Promise<{ version: string }>,
  );
  const stream = await untilAnswered(() => watch('', { 'last-event-id': version }));
  expect(stream.answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(await stream.next()).toMatchObject({ event: 'synced', id: version });
  await sleep(500);
  fixture.put((_workspace, status) => {
    if (status.instance) status.instance.state = 'shutting-down';
  });
  const change = await stream.next();
  expect(workspaceView.parse(change?.data)).toEqual(change?.data);
  expect(change).toMatchObject({
    event: 'workspace',
    data: { availability: 'Restarting', reason: 'Replacing' },
  });
  fixture.remove('team/ada');
  const gone = await stream.next();
  expect(gone?.event).toBe('gone');
  expect(workspaceGone.parse(gone?.data)).toEqual(gone?.data);
  const stopped = fixture.gateway.stop();
  expect(await stream.next()).toMatchObject({ event: 'end', data: { reason: 'stopping' } });
  expect(await stream.next()).toBeUndefined();
  await stopped;
});

test('a client that leaves is forgotten', async () => {
  const stop = new AbortController();
  const answer = await untilAnswered(() => fetch(`${url}/v1/watch/workspaces`, { signal: stop.signal }));
  const open = async () =>
    (await fixture.registry.getSingleMetric('gateway_watches')?.get())?.values[0]?.value;
  await answer.body?.getReader().read();
  expect(await open()).toBe(1);
  stop.abort();
  await expect.poll(open, { timeout: 20_000 }).toBe(0);
});

test.each([
  ['?name=ada', 400],
  ['?namespace=A', 400],
])('%s is refused before a byte of a stream', async (query, status) => {
  const { answer } = await watch(query);
  expect(answer.status).toBe(status);
  expect((await fetch(`${url}/v1/watch/workspaces`, { method: 'HEAD' })).status).toBe(404);
});
