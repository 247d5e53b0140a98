import { describe, expect, test } from 'vitest';
import { TAG } from '../../src/api/launch/tags.ts';
import { createBench } from './bench.ts';

async function serving() {
  const bench = await createBench();
  await bench.createClass();
  await bench.createWorkspace();
  const { metadata } = await bench.bringUp();
  return { bench, uid: metadata.uid };
}

describe('tags that say nothing clear end nothing and hold nothing up', () => {
  test.each([undefined, '', '0', '-1', '1.5', 'one', '1e9', '99999999999999999999'])(
    'an instance with our uid and the number %j is left alone, and the loop goes on',
    async (number) => {
      const { bench, uid } = await serving();
      const { [TAG.number]: _, ...tags } = bench.tags(uid, '1');
      bench.put('i-stranger', { tags: number === undefined ? tags : { ...tags, [TAG.number]: number } });
      await bench.settle();
      await bench.clock.advance(120_000);
      await bench.patchWorkspace({ spec: { requests: { restart: 'a' } } });
      await bench.settle();
      bench.put('i-1', { state: 'terminated' });
      await bench.settle();
      expect(bench.terminated).toEqual([['i-1']]);
      expect((await bench.workspace()).status?.launch).toMatchObject({ number: 2, phase: 'Submitted' });
    },
  );

  test('an instance on record is known by its id when somebody takes its tags away, so that a deletion ends', async () => {
    const { bench } = await serving();
    bench.put('i-1', { tags: {} });
    await bench.settle();
    expect((await bench.condition('Ready')).status).toBe('True');
    await bench.clock.advance(3_000);
    await bench.deleteWorkspace();
    await bench.settle();
    expect(bench.terminated).toEqual([['i-1']]);
    bench.put('i-1', { state: 'terminated' });
    await bench.lookUp();
    await bench.sync();
    await bench.pass();
    await bench.sync();
    expect(bench.deps.workspaces.list()).toEqual([]);
  });

  test('copies of an instance, however many, don’t make the status unwritable', async () => {
    const { bench, uid } = await serving();
    for (let copy = 0; copy < 24; copy += 1) bench.put(`i-copy-${copy}`, { tags: bench.tags(uid, '1') });
    await bench.settle();
    await bench.clock.advance(120_000);
    await bench.patchWorkspace({ spec: { requests: { restart: 'a' } } });
    for (let round = 0; round < 6; round += 1) {
      await bench.settle();
      for (const [id, { state }] of bench.memory.instances) {
        if (state === 'shutting-down') bench.put(id, { state: 'terminated' });
      }
      await bench.lookUp();
      await bench.clock.advance(16_000);
    }
    expect((await bench.workspace()).status?.launch).toMatchObject({ number: 2, phase: 'Submitted' });
    expect(bench.terminated.flat().sort()).toContain('i-1');
  });
});
