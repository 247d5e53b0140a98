import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { Watch } from '../../dev/apiserver/request/watchStream.ts';
import {
  createTranslation,
  type Exchange,
  factsOf,
  identityOf,
  type Recording,
  toRequest,
} from './exchange.ts';
import { createRecordedServer } from './recordedServer.ts';
import { steps } from './steps/steps.ts';
import { frameFact } from './watches.ts';

const folder = new URL('../fixtures/kubectl/', import.meta.url);
const recordings: Recording[] = await Promise.all(
  (await readdir(folder)).map(async (file) => JSON.parse(await readFile(new URL(file, folder), 'utf8'))),
);

describe.each(recordings)('what kubectl $client sent', ({ exchanges }) => {
  const errors: unknown[] = [];
  const { handler } = createRecordedServer(2, (error) => errors.push(error));
  const translation = createTranslation();
  const watches: { exchange: Exchange; watch: Watch; frames: string[] }[] = [];

  async function replay(exchange: Exchange): Promise<void> {
    const { status, headers, body, watch } = await handler(toRequest(translation.apply(exchange)));
    translation.learn(exchange.identity, identityOf(body));
    const request = `${exchange.method} ${exchange.path}`;
    const answer = { request, status, answered: headers['content-type'] ?? '' };
    expect(answer).toEqual({ request, status: exchange.status, answered: exchange.answered });
    if (watch) follow(exchange, watch);
    else expect({ request, facts: factsOf(body) }).toEqual({ request, facts: exchange.facts });
  }

  function follow(exchange: Exchange, watch: Watch): void {
    const frames: string[] = [];
    watches.push({ exchange, watch, frames });
    void (async () => {
      for await (const frame of watch.frames) frames.push(frameFact(frame));
    })().catch((error) => errors.push(error));
  }

  test.each(steps)('is answered as it was then: $title', async ({ title }) => {
    const own = exchanges.filter((exchange) => exchange.step === title);
    expect(own.length).toBeGreaterThan(0);
    for (const exchange of own) await replay(exchange);
  });

  test('gets the same changes from its watches', async () => {
    await new Promise((resolve) => setImmediate(resolve));
    expect(watches.length).toBeGreaterThan(0);
    for (const { exchange, watch, frames } of watches) {
      // kubectl hangs up once it has seen enough; the replay goes on listening.
      const wanted = exchange.facts.frames as string[];
      expect({ path: exchange.path, frames: frames.slice(0, wanted.length) }).toEqual({
        path: exchange.path,
        frames: wanted,
      });
      watch.close();
    }
  });

  test('brings out no error of the server’s own', () => {
    expect(errors).toEqual([]);
  });
});

test('there is a recording', () => {
  expect(recordings.length).toBeGreaterThan(0);
});
