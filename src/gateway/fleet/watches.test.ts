import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFleetScene, type FakeOutlet } from '../../../test/support/gateway/fleetScene.ts';
import { GatewayError } from '../base/errors.ts';

const MINUTE_MS = 60_000;
let scene: ReturnType<typeof createFleetScene>;
beforeEach(() => {
  scene = createFleetScene();
  scene.put('team/ada', true);
  scene.put('team/bob', true);
  scene.put('other/eve', true);
});
afterEach(() => scene.close());

/** What came after the events that there were before. */
async function heard(client: FakeOutlet, step: () => void, ms = 2_000): Promise<string[]> {
  const before = client.events().length;
  step();
  await scene.clock.advance(ms);
  return client.events().slice(before);
}

describe('a watch', () => {
  test('begins with all that there is, then sends each change of a view once, and nothing else', async () => {
    const client = await scene.watch();
    expect(client.events()).toEqual([
      'reset',
      'workspace eve Ready',
      'workspace ada Ready',
      'workspace bob Ready',
      'synced',
    ]);
    expect(await heard(client, () => scene.put('team/ada', true, 'stopping'))).toEqual([
      'workspace ada Unknown',
    ]);
    // Another version of the object, and the same view.
    expect(await heard(client, () => scene.put('team/ada', true, 'stopping'))).toEqual([]);
    expect(await heard(client, () => scene.put('team/bob', false))).toEqual(['workspace bob Unknown']);
    expect(await heard(client, () => scene.remove('team/bob'))).toEqual(['gone bob']);
  });

  test.each([
    [{ namespace: 'team' }, ['ada', 'bob']],
    [{ namespace: 'team', name: 'bob' }, ['bob']],
    [{ namespace: 'te' }, []],
  ])('of %j sends changes of that alone', async (scope, names) => {
    const client = await scene.watch(scope);
    const change = () => {
      for (const key of ['team/ada', 'team/bob', 'other/eve']) scene.put(key, true, 'stopping');
    };
    expect(client.events()).toEqual(['reset', ...names.map((name) => `workspace ${name} Ready`), 'synced']);
    expect(await heard(client, change)).toEqual(names.map((name) => `workspace ${name} Unknown`));
  });

  test('that comes back with its last id hears what it missed, deletions too', async () => {
    const first = await scene.watch();
    const id = first.lastID();
    scene.put('team/ada', true, 'stopping');
    scene.remove('team/bob');
    await scene.clock.advance(2_000);
    const again = await scene.watch({}, { ...(id !== undefined && { from: id }) });
    expect(again.events()).toEqual(['workspace ada Unknown', 'gone bob', 'synced']);
    expect(again.lastID()).toBe(first.lastID());
  });

  test.each([['0000000000000000-1'], ['x'], ['constructor'], ['0000000000000000-999999999999999']])(
    'that comes back with the id %s of no or another process begins again',
    async (from) => {
      expect((await scene.watch({}, { from })).events()).toContain('reset');
    },
  );

  test('that comes back with an id of the future begins again', async () => {
    const first = await scene.watch();
    const from = String(first.lastID()).replace(/\d+$/, '99999');
    expect((await scene.watch({}, { from })).events()[0]).toBe('reset');
  });

  test('drops its last id with `reset`: a client that loses it half way does not go on from there', async () => {
    const client = await scene.watch();
    expect(client.text).toContain('event: reset\nid: \ndata: {}\n\n');
  });

  test('is `Unknown` while the database is away, and judged again once it answers', async () => {
    const client = await scene.watch({ namespace: 'other' });
    const gone = await heard(client, () => Object.assign(scene.reads, { away: true }), 10_000);
    expect(gone).toEqual(['workspace eve Unknown']);
    const back = await heard(client, () => Object.assign(scene.reads, { away: false }), 10_000);
    expect(back).toEqual(['workspace eve Ready']);
  });
});

describe('a client that reads slowly', () => {
  test('holds one piece and its place; it gets the latest of each and is not cut off while it reads at all', async () => {
    const client = await scene.watch();
    client.reads = false;
    for (const state of ['pending', 'stopping', 'stopped', 'running', 'stopping']) {
      scene.put('team/ada', true, state);
      await scene.clock.advance(2_000);
    }
    const sent = client.events().filter((event) => event.includes('ada')).length;
    expect(sent).toBe(2);
    client.reads = true;
    client.emit('drain');
    await scene.clock.advance(1_000);
    // Five changes, three tellings: at the start, the one that filled its buffer, and the latest.
    const states = [...client.text.matchAll(/"name":"ada".*?"state":"(\w+)"/g)].map(([, state]) => state);
    expect(states).toEqual(['running', 'pending', 'stopping']);
    expect(client.isEnded || client.destroyed).toBe(false);
  });

  test('is cut off after half a minute without reading, and costs the others nothing', async () => {
    const slow = await scene.watch({}, { reads: false });
    const other = await scene.watch();
    scene.put('team/ada', true, 'stopping');
    await scene.clock.advance(31_000);
    expect(slow.destroyed).toBe(true);
    expect(other.events().at(-1)).toBe('workspace ada Unknown');
    expect(other.destroyed).toBe(false);
    const metric = await scene.registry.getSingleMetric('gateway_watches_ended_total')?.get();
    expect(metric?.values.find(({ labels }) => labels.reason === 'slow')?.value).toBe(1);
  });
});

describe('the number of watches', () => {
  test('of one group is bounded', async () => {
    await scene.watch();
    await scene.watch();
    await expect(scene.watch()).rejects.toMatchObject({ code: 'too_many_watches', status: 429 });
    await expect(scene.watch({}, { group: 'caller two' })).resolves.toBeDefined();
  });

  test('in all is bounded: the group with most gives up its oldest to another, and to itself none', async () => {
    const [first] = [await scene.watch(), await scene.watch()];
    await scene.watch({}, { group: 'caller two' });
    await scene.watch({}, { group: 'caller three' });
    const last = await scene.watch({}, { group: 'caller four' });
    expect(first.events().at(-1)).toBe('end displaced');
    expect(last.events().at(-1)).toBe('synced');
    await expect(scene.watch({}, { group: 'caller five' })).rejects.toMatchObject({ code: 'overloaded' });
  });

  test('falls with each client that leaves, one that leaves while it is let in included', async () => {
    for (let round = 0; round < 20; round += 1) (await scene.watch()).emit('close');
    await expect(scene.watch()).resolves.toBeDefined();
    const metric = await scene.registry.getSingleMetric('gateway_watches')?.get();
    expect(metric?.values[0]?.value).toBe(1);
  });
});

describe('a watch ends', () => {
  test('within a minute of its rights; not while the API server can’t be asked', async () => {
    let code: 'forbidden' | 'callers_unavailable' = 'callers_unavailable';
    const review = () => Promise.reject(new GatewayError(code));
    const client = await scene.watch({}, { review });
    await scene.clock.advance(10 * MINUTE_MS);
    expect(client.isEnded).toBe(false);
    code = 'forbidden';
    await scene.clock.advance(MINUTE_MS + 15_000);
    expect(client.events().at(-1)).toBe('end rights');
  });

  test('at an age between 30 and 40 minutes', async () => {
    const client = await scene.watch();
    await scene.clock.advance(29 * MINUTE_MS);
    expect(client.isEnded).toBe(false);
    await scene.clock.advance(12 * MINUTE_MS);
    expect(client.events().at(-1)).toBe('end age');
  });

  test('with a last event as the gateway stops, after which none begins', async () => {
    const client = await scene.watch();
    scene.watches.stop();
    expect(client.events().at(-1)).toBe('end stopping');
    await expect(scene.watch()).rejects.toMatchObject({ code: 'overloaded' });
  });
});

test('the database is read only for watches: not before the first, and not from a minute after the last', async () => {
  await scene.clock.advance(5 * MINUTE_MS);
  expect(scene.reads.count).toBe(0);
  const client = await scene.watch();
  await scene.clock.advance(10_000);
  client.emit('close');
  await scene.clock.advance(2 * MINUTE_MS);
  const { count } = scene.reads;
  expect(count).toBeGreaterThan(5);
  await scene.clock.advance(5 * MINUTE_MS);
  expect(scene.reads.count).toBe(count);
  expect((await scene.watch({}, { from: client.lastID() ?? '' })).events()[0]).toBe('reset');
});
