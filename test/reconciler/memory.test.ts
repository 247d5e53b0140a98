import { expect, test } from 'vitest';
import { ec2Failure } from '../../src/ec2/calls/errors.ts';
import { createMemory, forgetInstances } from '../../src/reconcilers/workspace/context/memory.ts';
import { monoMs } from '../support/base/moments.ts';
import { createBench } from './bench.ts';

test('what is remembered of instances goes with them', () => {
  const mine = createMemory().of('default/ada', 'uid-1');
  for (const id of ['i-1', 'i-2']) {
    mine.terminateSentAt[id] = monoMs(1);
    mine.powerSentAt[`StopInstances ${id}`] = monoMs(1);
    mine.console[id] = 'text';
  }
  forgetInstances(mine, new Set(['i-2']));
  expect(mine.terminateSentAt).toEqual({ 'i-2': 1 });
  expect(mine.powerSentAt).toEqual({ 'StopInstances i-2': 1 });
  expect(mine.console).toEqual({ 'i-2': 'text' });
});

test('a process that forgot its sends takes no refusal for definite: one of them may still land', async () => {
  const bench = await createBench();
  await bench.createClass();
  await bench.createWorkspace();
  await bench.clock.advance(600_000);
  let sends = 0;
  bench.calls.runInstances = async (_request, { beforeSend } = {}) => {
    beforeSend?.();
    sends += 1;
    const action = 'RunInstances';
    if (sends === 1) throw ec2Failure({ class: 'ambiguous', code: 'ETIMEDOUT', action, detail: '' });
    throw ec2Failure({ class: 'quota', code: 'VcpuLimitExceeded', action, detail: '' });
  };
  await bench.settle();
  expect(sends).toBe(1);
  // The informer loses sight of the Workspace for a moment, and the reconciler forgets it.
  bench.caches.workspaces.reset([], '1');
  await bench.pass();
  await bench.clock.advance(5_000);
  await bench.settle();
  expect(sends).toBe(2);
  expect((await bench.workspace()).status?.launch).toMatchObject({ number: 1, phase: 'Submitted' });
  expect((await bench.workspace()).status?.launch?.ended).toBeUndefined();
});
