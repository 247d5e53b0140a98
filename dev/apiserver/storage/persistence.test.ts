import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { createApiServer } from '../apiServer.ts';
import { createWidgetApi, seededRandom, widget, widgetsPath } from '../testApi.ts';
import { persist } from './persistence.ts';
import { createStore } from './store.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'apiserver-'));
});
afterEach(() => rm(folder, { recursive: true }));

const object = (name: string) => ({ metadata: { name, namespace: 'ns' } });
const unexpected = (error: unknown) => {
  throw error;
};

test('what was written comes back: objects, revision, and the kinds that were defined', async () => {
  const file = join(folder, 'state.json');
  const api = await createWidgetApi();
  const kept = await persist(api.state, file, api.clock, unexpected);
  const made = await api.ok('POST', widgetsPath, widget('a'));
  await kept.close();

  const store = createStore();
  await persist(store, file, api.clock, unexpected);
  expect(store.revision()).toBe(api.state.revision());
  const revived = createApiServer({ clock: api.clock, random: seededRandom('other') }, store);
  const answer = await revived.handler({
    method: 'GET',
    path: `${widgetsPath}/a`,
    query: new URLSearchParams(),
    headers: {},
    body: Buffer.alloc(0),
  });
  expect(answer.body).toEqual(made);
});

test('a burst of changes is one write, a moment later; no partial file is left', async () => {
  const file = join(folder, 'state.json');
  const clock = createVirtualClock();
  const store = createStore();
  const kept = await persist(store, file, clock, unexpected);
  for (let n = 0; n < 50; n += 1) store.put('k', `ns/o${n}`, object(`o${n}`));
  expect(clock.pending()).toBe(1);
  await clock.advance(200);
  await kept.flush();
  expect(JSON.parse(await readFile(file, 'utf8')).revision).toBe(store.revision());
  expect(await readdir(folder)).toEqual(['state.json']);
  expect((await stat(file)).mode & 0o077).toBe(0);
});

test('a file that is no state is refused by name rather than overwritten', async () => {
  const file = join(folder, 'state.json');
  await writeFile(file, 'not json');
  await expect(persist(createStore(), file, createVirtualClock(), unexpected)).rejects.toThrow(
    `${file} is not the state`,
  );
  expect(await readFile(file, 'utf8')).toBe('not json');
});

test('a failed write is reported, and the next change tries again', async () => {
  const missing = join(folder, 'not', 'there.json');
  const clock = createVirtualClock();
  const store = createStore();
  const errors: unknown[] = [];
  const kept = await persist(store, missing, clock, (error) => errors.push(error));
  store.put('k', 'ns/a', object('a'));
  await clock.advance(200);
  await expect(kept.flush()).rejects.toThrow('ENOENT');
  expect(errors).toMatchObject([{ code: 'ENOENT' }]);
});
