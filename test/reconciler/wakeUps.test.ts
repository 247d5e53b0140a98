import { expect, test } from 'vitest';
import { decideAt } from '../support/workspace/decisions.ts';
import { factsOf, NOW } from '../support/workspace/facts.ts';
import { createBench } from './bench.ts';

test('a Workspace judged before the term’s first sweep is looked at again: nothing else would show that its instance is gone', () => {
  for (const sweptAt of [undefined, NOW.mono - 7_200_000]) {
    const before = decideAt(factsOf({ sweptAt, instances: [] }));
    expect(before.requeueAfterMs).toBeLessThanOrEqual(1_000);
    // What another process saw last stays until this one has looked.
    expect(before.status.instance?.state).toBe('running');
  }
});

test('once the sweep of this term is read, a steady Workspace asks for nothing', () => {
  const decision = decideAt(factsOf());
  expect(decision.requeueAfterMs).toBeUndefined();
  expect(decision.effect).toBeUndefined();
});

test('a status that the API server prunes or alters is an error that names the definitions, not a write a pass', async () => {
  const bench = await createBench();
  await bench.createClass();
  await bench.createWorkspace();
  const { mergePatch } = bench.kube;
  bench.kube.mergePatch = async (resource, target, patch, options) => {
    const { status, ...rest } = patch as { status?: { launch?: object } };
    const { failures: _, ...launch } = { failures: 0, ...status?.launch };
    const pruned = status?.launch
      ? { ...rest, status: { ...status, launch: { ...launch, openedAt: null } } }
      : patch;
    return mergePatch(resource, target, pruned, options);
  };
  await bench.sync();
  await bench.pass();
  await expect(
    (async () => {
      for (let count = 0; count < 6; count += 1) {
        await bench.sync();
        await bench.cloud.sweepNow();
        await bench.pass();
      }
    })(),
  ).rejects.toThrow(/openedAt.*crds/s);
  expect(bench.runs).toHaveLength(0);
});

test('half a character at the edge of a message is no news each time', async () => {
  const bench = await createBench();
  await bench.createClass();
  await bench.createWorkspace();
  bench.calls.getConsoleOutput = async () => `${'🎉'.repeat(500)}!`;
  bench.calls.runInstances = async (request, { beforeSend } = {}) => {
    beforeSend?.();
    return bench.put('i-1', {
      state: 'running',
      clientToken: request.clientToken,
      tags: Object.fromEntries(request.params.tags.map(({ key, value }) => [key, value])),
    });
  };
  await bench.settle();
  await bench.clock.advance(901_000);
  await bench.settle();
  const { reason, message } = await bench.condition('Ready');
  expect(reason).toBe('StartupTimeout');
  expect(message).toContain('🎉');
  expect(message.isWellFormed()).toBe(true);
});
