import { describe, expect, test } from 'vitest';
import { createCanary, findCanary } from '../../../../test/support/base/canary.ts';
import { createEffectScene as setUp, TERM_AT } from '../../../../test/support/workspace/effectScene.ts';
import { doubtful, factsOf, statusOf } from '../../../../test/support/workspace/facts.ts';
import { UserDataForgotten } from '../../../agent/userData.ts';
import { clientToken } from '../../../api/launch/token.ts';
import { TerminalError } from '../../../controller/client/errors.ts';
import { ec2Failure } from '../../../ec2/calls/errors.ts';
import type { Instance } from '../../../ec2/calls/port.ts';
import type { Effect } from '../decide/facts/view.ts';

const uid = factsOf().workspace.metadata.uid;
const run = (armed: boolean): Effect => ({ kind: 'RunInstances', number: 1, armed });

const instance: Instance = { id: 'i-1', state: 'pending', type: 'm7i.large', zone: 'a', tags: {} };

/** As a call does: what is thrown before it goes out comes back as not sent. */
function sendUnlessBlocked({ deps }: ReturnType<typeof setUp>): void {
  deps.calls.runInstances = (_request, options) => {
    try {
      options?.beforeSend?.();
    } catch {
      const failure = {
        class: 'notSent',
        code: 'SendBlocked',
        action: 'RunInstances',
        detail: 'blocked',
      } as const;
      return Promise.reject(ec2Failure(failure));
    }
    return Promise.resolve(instance);
  };
}

describe('what no retry cures is terminal', () => {
  test('a launch on record without the parameters to launch it with: nothing is sent', async () => {
    const scene = setUp(statusOf({ launch: doubtful({ params: undefined }), instance: undefined }));
    await expect(scene.perform(run(false))).rejects.toBeInstanceOf(TerminalError);
    expect(scene.sent).toEqual([]);
  });

  test('an endpoint that launches where a dry run was asked for: it would launch again with each retry', async () => {
    const scene = setUp();
    scene.answerRuns(() => instance);
    const { params } = doubtful();
    if (!params) throw new Error('it has parameters');
    const pass = scene.perform({ kind: 'DryRun', params, fingerprint: 'f' });
    await expect(pass).rejects.toBeInstanceOf(TerminalError);
    expect(scene.sent).toHaveLength(1);
  });
});

describe('RunInstances', () => {
  test('goes out once, with the recorded parameters and the launch’s own token', async () => {
    const scene = setUp();
    scene.answerRuns(() => instance);
    await scene.perform(run(true));
    expect(scene.sent).toEqual([
      {
        to: 'ec2',
        what: 'RunInstances',
        body: {
          params: scene.deps.workspaces.get('default/ada')?.status?.launch?.params,
          version: 1,
          userData: '#!/bin/sh',
          clientToken: clientToken(scene.deps.clusterID, uid, 1),
        },
      },
    ]);
  });

  test('its answer is a sighting, so that our own launch is never unseen', async () => {
    const scene = setUp();
    scene.answerRuns(() => instance);
    await scene.perform(run(true));
    expect(scene.instances).toEqual([expect.objectContaining({ id: 'i-1', state: 'pending' })]);
    expect(scene.mine.answer?.result).toEqual({ kind: 'accepted' });
  });

  test('only the send of the pass that armed the launch is its first', async () => {
    const scene = setUp();
    scene.refuseRuns('ambiguous');
    await scene.perform(run(true));
    expect(scene.mine.answer).toMatchObject({ firstSend: true, quietSince: TERM_AT });
    await scene.perform(run(true));
    expect(scene.mine.answer?.firstSend).toBe(false);
    const taken = setUp();
    taken.refuseRuns('capacity');
    await taken.perform(run(false));
    expect(taken.mine.answer?.firstSend).toBe(false);
  });

  test('each send is remembered, and a refusal is judged by the quiet before it', async () => {
    const scene = setUp();
    scene.refuseRuns('ambiguous');
    await scene.perform(run(true));
    const first = scene.clock.monotonic();
    await scene.clock.advance(120_000);
    scene.refuseRuns('capacity');
    await scene.perform(run(false));
    expect(scene.mine.sends).toEqual({ number: 1, count: 2, lastAt: first + 120_000 });
    expect(scene.mine.answer).toMatchObject({ sentAt: first + 120_000, quietSince: first });
  });

  test.each([
    ['capacity', { kind: 'refused', class: 'capacity' }],
    ['quota', { kind: 'refused', class: 'quota' }],
    ['userFix', { kind: 'refused', class: 'userFix' }],
    ['throttled', { kind: 'throttled' }],
    ['mismatch', { kind: 'mismatch' }],
    ['ambiguous', { kind: 'ambiguous' }],
    ['gone', { kind: 'ambiguous' }],
    ['dryRunOK', { kind: 'ambiguous' }],
  ] as const)('%s is remembered as what it is', async (kind, result) => {
    const scene = setUp();
    scene.refuseRuns(kind);
    await scene.perform(run(true));
    expect(scene.mine.answer?.result).toMatchObject(result);
    expect(scene.instances).toEqual([]);
  });

  test('an offering without capacity is reported to all', async () => {
    const scene = setUp();
    scene.refuseRuns('capacity');
    await scene.perform(run(true));
    const scope = { instanceType: 'm7i.large', zone: 'a', capacityType: 'OnDemand' };
    expect(scene.deps.offerings.snapshot('another')).toMatchObject([{ scope, class: 'capacity' }]);
  });

  test('blocked at the last moment, it was not sent: no send is counted and no refusal believed', async () => {
    const scene = setUp();
    scene.guards.blocked = true;
    sendUnlessBlocked(scene);
    await scene.perform(run(true));
    expect(scene.mine.sends).toBeUndefined();
    // It was this process that held it back, as another leads: that is no word of EC2's.
    expect(scene.mine.answer).toBeUndefined();
  });

  test('what a slow write put on record is not its first send any more', async () => {
    const scene = setUp();
    sendUnlessBlocked(scene);
    await scene.perform(run(true), { decidedMsAgo: 5_001, turned: 'RunInstances' });
    expect(scene.mine.sends).toBeUndefined();
    await scene.perform(run(true), { decidedMsAgo: 5_000, turned: 'RunInstances' });
    expect(scene.mine.answer).toMatchObject({ firstSend: true });
  });

  test('user data that can not be rendered is not sent, and says why', async () => {
    const scene = setUp();
    scene.deps.renderUserData = () => Promise.reject(new Error('the ticket key is gone; put it back'));
    await scene.perform(run(true));
    expect(scene.sent).toEqual([]);
    expect(scene.mine.answer?.result).toMatchObject({
      kind: 'notSent',
      message: expect.stringContaining('put it back'),
    });
  });

  test('user data whose agent another release left out of the record is not sent; the launch is looked up', async () => {
    const scene = setUp();
    scene.deps.renderUserData = () => Promise.reject(new UserDataForgotten('names no agent any more'));
    await scene.perform(run(true));
    expect(scene.sent).toEqual([]);
    expect(scene.mine.answer?.result).toEqual({ kind: 'mismatch' });
  });

  test('one that only a later release can render is not sent, and the message says why', async () => {
    const { params } = doubtful();
    const launch = doubtful({ params: params && { ...params, request: { version: 1_000, launch: 1 } } });
    const scene = setUp(statusOf({ launch, instance: undefined }));
    await scene.perform(run(false));
    expect(scene.sent).toEqual([]);
    expect(scene.mine.answer?.result).toEqual({
      kind: 'notSent',
      message: expect.stringMatching(
        /launch 1 was armed with version 1000 .* start the release that armed it/,
      ),
    });
  });

  test('a launch that is not on record is a bug, not a request', async () => {
    const scene = setUp(statusOf());
    await expect(scene.perform({ kind: 'RunInstances', number: 2, armed: true })).rejects.toThrow(/launch 2/);
    expect(scene.sent).toEqual([]);
  });
});

describe('a dry run', () => {
  const params = doubtful().params;
  if (!params) throw new Error('a launch has parameters');
  const effect: Effect = { kind: 'DryRun', params, fingerprint: 'shape' };

  test.each([
    ['dryRunOK', { ok: true }],
    ['userFix', { ok: false, class: 'userFix' }],
    ['quota', { ok: false, class: 'quota' }],
    ['capacity', { ok: false, class: 'retry' }],
    ['throttled', { ok: false, class: 'retry' }],
    ['ambiguous', { ok: false, class: 'retry' }],
  ] as const)('that says %s is remembered for everyone', async (kind, verdict) => {
    const scene = setUp(statusOf());
    scene.refuseRuns(kind);
    await scene.perform(effect);
    const [fact] = scene.memory.validations(scene.clock.monotonic());
    expect(fact).toMatchObject({ fingerprint: 'shape', verdict });
    expect(fact?.expiresAt).toBeGreaterThan(scene.clock.monotonic());
  });

  test('that was held back as another leads says nothing to anyone: EC2 was not asked', async () => {
    const scene = setUp(statusOf());
    scene.guards.blocked = true;
    scene.deps.calls.runInstances = (_request, options) => {
      try {
        options?.beforeSend?.();
      } catch {
        const parts = {
          class: 'notSent',
          code: 'SendBlocked',
          action: 'RunInstances',
          detail: 'blocked',
        } as const;
        return Promise.reject(ec2Failure(parts));
      }
      return Promise.resolve(instance);
    };
    await scene.perform(effect);
    expect(scene.memory.validations(scene.clock.monotonic())).toEqual([]);
  });

  test('leaves the launch’s memory and token alone', async () => {
    const scene = setUp(statusOf());
    scene.refuseRuns('dryRunOK');
    await scene.perform(effect);
    expect(scene.mine.sends).toBeUndefined();
    expect(scene.mine.answer).toBeUndefined();
    const tokens = [1, 2].map((number) => clientToken(scene.deps.clusterID, uid, number));
    expect(scene.sent[0]?.body).toMatchObject({ dryRun: true });
    for (const token of tokens) expect(scene.sent[0]?.body).not.toMatchObject({ clientToken: token });
  });
});

describe('the console', () => {
  const canary = createCanary();
  const read: Effect = { kind: 'ReadConsole', instanceID: 'i-1' };

  test('is kept without any value of the Secrets', async () => {
    const scene = setUp(statusOf({ instance: { id: 'i-1', state: 'running' } }));
    scene.storeSecret('ada-env', '1', { KEY: canary });
    scene.consoles.set('i-1', `booting\nKEY=${canary}\nagent: failed`);
    await scene.perform(read);
    expect(scene.mine.console['i-1']).toContain('agent: failed');
    expect(findCanary(canary, JSON.stringify(scene.mine.console))).toEqual([]);
  });

  test('is searched for every value that the instance was never given, however small an environment may be', async () => {
    const scene = setUp(statusOf({ instance: { id: 'i-1', state: 'running' } }));
    scene.deps.mostEnvironmentBytes = 1_024;
    scene.storeSecret('ada-env', '1', { KEY: 'k', 'a-first': 'x'.repeat(1_025), 'z-last': canary });
    scene.consoles.set('i-1', `booting\n${canary}\nagent: failed`);
    await scene.perform(read);
    expect(scene.mine.console['i-1']).toContain('agent: failed');
    expect(findCanary(canary, JSON.stringify(scene.mine.console))).toEqual([]);
  });

  test('is not shown when the instance holds an environment whose values are no longer known', async () => {
    const scene = setUp(statusOf({ instance: { id: 'i-1', state: 'running', env: 'k1:older' } }));
    scene.storeSecret('ada-env', '2', { KEY: 'newer' });
    scene.consoles.set('i-1', `KEY=${canary}`);
    await scene.perform(read);
    expect(scene.mine.console['i-1']).toBe('');
  });

  test('that can not be read holds nothing up', async () => {
    const scene = setUp(statusOf({ instance: { id: 'i-1', state: 'running' } }));
    scene.deps.calls.getConsoleOutput = () =>
      Promise.reject(
        ec2Failure({
          class: 'userFix',
          code: 'UnauthorizedOperation',
          action: 'GetConsoleOutput',
          detail: 'no',
        }),
      );
    await scene.perform(read);
    expect(scene.mine.console['i-1']).toBe('');
  });
});
