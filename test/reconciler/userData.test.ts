import { describe, expect, test } from 'vitest';
import { OPERATOR_NAMESPACE } from '../../dev/stack/install.ts';
import { ApiError } from '../../src/controller/client/errors.ts';
import { createBench } from './bench.ts';

const CONFIG_MAPS = { group: '', version: 'v1', plural: 'configmaps', namespaced: true };
const LARGE = '# a large bundle\n'.repeat(1_100);

function forbidden(): ApiError {
  return new ApiError('POST', '/api/v1/namespaces/workspace-system/configmaps', {
    status: 403,
    body: { kind: 'Status', reason: 'Forbidden', message: 'configmaps is forbidden' },
  });
}

describe('what user data is made from is checked before a launch is armed', () => {
  test('user data above EC2’s limit is a condition that says what to shorten, and no launch is armed', async () => {
    const bench = await createBench({ caBundle: LARGE });
    await bench.createClass({ userData: 'echo hello' });
    await bench.createWorkspace();
    await bench.settle();
    const ready = await bench.condition('Ready');
    expect(ready.reason).toBe('InvalidConfiguration');
    expect(ready.message).toMatch(/shorten .*userData/);
    expect((await bench.workspace()).status?.launch?.phase).not.toBe('Submitted');
    expect(bench.runs).toHaveLength(0);
  });

  test('an instance that serves stays when its class’s script grows beyond the limit', async () => {
    const bench = await createBench();
    await bench.createClass({ userData: 'echo hello' });
    await bench.createWorkspace();
    await bench.bringUp();
    await bench.clock.advance(120_000);
    // Characters fit the schema; bytes are what EC2 counts.
    await bench.patchClass({ userData: '€'.repeat(9_000) });
    await bench.settle();
    await bench.clock.advance(3_000);
    await bench.settle();
    expect(bench.terminated).toEqual([]);
    expect((await bench.condition('Ready')).status).toBe('True');
    expect(await bench.condition('UpToDate')).toMatchObject({
      status: 'False',
      reason: 'InvalidConfiguration',
    });
  });

  test('when it can’t be kept nothing new is launched, and all else goes on: a deletion completes', async () => {
    const bench = await createBench({ caBundle: 'bundle' });
    bench.kube.create = async () => {
      throw forbidden();
    };
    await bench.createClass();
    await bench.createWorkspace();
    await bench.settle();
    expect(await bench.condition('Ready')).toMatchObject({ status: 'False', reason: 'CloudUnavailable' });
    await bench.deleteWorkspace();
    await bench.sync();
    await bench.pass();
    await bench.sync();
    expect(bench.deps.workspaces.list()).toEqual([]);
  });

  test('a kept text that differs from its digest is not sent', async () => {
    const bench = await createBench({ caBundle: 'bundle' });
    await bench.createClass();
    await bench.createWorkspace();
    const { create } = bench.kube;
    bench.kube.create = async (resource, body, ...rest) =>
      create(resource, { ...(body as object), data: { content: 'tampered' } }, ...rest);
    await bench.sync();
    await bench.pass();
    bench.kube.create = create;
    const store = bench.another();
    const [kept] = (await bench.stage.list(CONFIG_MAPS, { namespace: OPERATOR_NAMESPACE })).items;
    expect(kept).toBeDefined();
    const userData = await bench.deps.userDataFor(undefined);
    await expect(store.renderUserData({ uid: 'u', number: 1, userData })).rejects.toThrow(/digest/);
  });

  test('a launch in doubt whose user data can’t be made any more says so, and is tried again', async () => {
    const bench = await createBench();
    await bench.createClass();
    await bench.createWorkspace();
    const { renderUserData } = bench.deps;
    bench.deps.renderUserData = async () => {
      throw new Error('ticket key k1 is gone; put it back');
    };
    await bench.settle();
    expect(await bench.condition('Ready')).toMatchObject({ reason: 'CloudUnavailable' });
    expect((await bench.condition('Ready')).message).toContain('ticket key k1 is gone');
    bench.deps.renderUserData = renderUserData;
    await bench.clock.advance(60_000);
    await bench.settle();
    expect(bench.runs).toHaveLength(1);
  });
});
