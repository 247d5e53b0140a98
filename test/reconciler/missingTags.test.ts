import { expect, test } from 'vitest';
import { TAG } from '../../src/api/launch/tags.ts';
import { createBench } from './bench.ts';

/** A Workspace that serves, and whose instance has only these tags from now on. */
async function retagged(change: (tags: Record<string, string>) => Record<string, string>) {
  const bench = await createBench();
  await bench.createClass();
  await bench.createWorkspace();
  await bench.bringUp();
  const tags = bench.memory.instances.get('i-1')?.tags ?? {};
  bench.put('i-1', { tags: change(tags) });
  await look(bench);
  return { bench, tags };
}

async function look(bench: Awaited<ReturnType<typeof createBench>>) {
  for (let round = 0; round < 3; round += 1) {
    await bench.settle();
    await bench.lookUp();
  }
  await bench.settle();
}

const without =
  (...keys: string[]) =>
  (tags: Record<string, string>) =>
    Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key)));

test.each(Object.values(TAG))(
  'without %s an instance serves on, and a condition names the tag',
  async (key) => {
    const { bench } = await retagged(without(key));
    expect(await bench.condition('Ready')).toMatchObject({ status: 'True' });
    expect(await bench.condition('TagsMissing')).toMatchObject({ status: 'True', reason: 'Missing' });
    expect((await bench.condition('TagsMissing')).message).toMatch(new RegExp(`something else: ${key}[.] `));
    expect(bench.events.filter(({ reason }) => reason === 'TagsMissing')).toHaveLength(1);
    expect(bench.runs).toHaveLength(1);
  },
);

test('a tag that names another cluster, Workspace or launch is missing as well', async () => {
  const { bench } = await retagged((tags) => ({
    ...tags,
    [TAG.cluster]: 'b',
    [TAG.uid]: 'b',
    [TAG.number]: '9',
  }));
  const { message } = await bench.condition('TagsMissing');
  for (const key of [TAG.cluster, TAG.uid, TAG.number]) expect(message).toContain(key);
  expect(message).not.toContain(TAG.name);
  expect((await bench.workspace()).status?.launch).toMatchObject({ number: 1, instanceID: 'i-1' });
});

test('that is said once and then nothing is written: no sweep makes news of it', async () => {
  const { bench } = await retagged(() => ({}));
  const before = (await bench.workspace()).metadata.resourceVersion;
  for (let round = 0; round < 10; round += 1) {
    await bench.clock.advance(10_000);
    await bench.sync();
    await bench.pass();
  }
  expect((await bench.workspace()).metadata.resourceVersion).toBe(before);
});

test('once they are back the condition says so', async () => {
  const { bench, tags } = await retagged(() => ({}));
  bench.put('i-1', { tags });
  await look(bench);
  expect(await bench.condition('TagsMissing')).toMatchObject({ status: 'False', reason: 'None' });
});

test('whose tags are untouched has no such condition', async () => {
  const { bench } = await retagged((tags) => tags);
  await expect(bench.condition('TagsMissing')).rejects.toThrow('there is no condition');
});
