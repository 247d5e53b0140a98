import { describe, expect, test } from 'vitest';
import { createEffectScene as setUp } from '../../../../test/support/workspace/effectScene.ts';
import { statusOf } from '../../../../test/support/workspace/facts.ts';
import { ec2Failure } from '../../../ec2/calls/errors.ts';
import type { ErrorClass } from '../../../ec2/calls/port.ts';
import type { Effect } from '../decide/facts/view.ts';

test('TerminateInstances is remembered, so that it is not repeated at once', async () => {
  const scene = setUp(statusOf());
  await scene.perform({ kind: 'TerminateInstances', ids: ['i-1', 'i-2'] });
  const at = scene.clock.monotonic();
  expect(scene.mine.terminateSentAt).toEqual({ 'i-1': at, 'i-2': at });
  expect(scene.sent.map(({ what, body }) => [what, body])).toEqual([['TerminateInstances', ['i-1', 'i-2']]]);
});

test('a refused TerminateInstances is remembered by its code until one is accepted', async () => {
  const scene = setUp(statusOf());
  const { terminateInstances } = scene.deps.calls;
  const failure = {
    class: 'userFix',
    code: 'OperationNotPermitted',
    action: 'TerminateInstances',
    detail: 'no',
  } as const;
  scene.deps.calls.terminateInstances = () => Promise.reject(ec2Failure(failure));
  const end = (...ids: string[]) => scene.perform({ kind: 'TerminateInstances', ids });
  await end('i-1');
  expect(scene.mine.terminateRefusals).toEqual({ 'i-1': 'OperationNotPermitted' });
  // A refusal of several names none of them, so the next pass asks for each alone, at once.
  const before = { ...scene.mine.terminateSentAt };
  await end('i-1', 'i-2');
  expect(scene.mine.terminateRefusals).toEqual({ 'i-1': 'OperationNotPermitted', 'i-2': '' });
  expect(scene.mine.terminateSentAt).toEqual(before);
  scene.deps.calls.terminateInstances = terminateInstances;
  await end('i-2');
  expect(scene.mine.terminateRefusals).toEqual({ 'i-1': 'OperationNotPermitted' });
});

describe('a stop or a start', () => {
  const start: Effect = { kind: 'StartInstances', ids: ['i-1'] };

  test.each<[ErrorClass, string | undefined]>([
    ['capacity', 'Code'],
    ['quota', 'Code'],
    ['userFix', 'Code'],
    ['throttled', undefined],
    ['ambiguous', undefined],
    ['notSent', undefined],
  ])('that EC2 answers with %s is remembered as %s, until another answer', async (kind, known) => {
    const scene = setUp(statusOf());
    const { startInstances } = scene.deps.calls;
    const failure = { class: kind, code: 'Code', action: 'StartInstances', detail: 'no' };
    scene.deps.calls.startInstances = () => Promise.reject(ec2Failure(failure));
    await scene.perform(start);
    expect(scene.mine.powerAnswers).toEqual(known === undefined ? {} : { 'StartInstances i-1': known });
    scene.deps.calls.startInstances = startInstances;
    await scene.perform(start);
    expect(scene.mine.powerAnswers).toEqual({ 'StartInstances i-1': 'accepted' });
  });
});
