import { describe, expect, test } from 'vitest';
import { ApiError, isConflict } from '../../src/controller/client/errors.ts';
import { createBench } from './bench.ts';

describe('no pass ends without somebody who looks again', () => {
  test('a pass that is given up before its write is tried again', async () => {
    const bench = await createBench();
    await bench.createClass();
    await bench.createWorkspace();
    await bench.sync();
    const given = new AbortController();
    given.abort(new Error('ran too long'));
    await expect(bench.pass(given.signal)).rejects.toThrow(/given up/);
  });

  test('a pass of a term that is over ends quietly: the next term looks at everything again', async () => {
    const bench = await createBench();
    await bench.createClass();
    await bench.createWorkspace();
    await bench.sync();
    const { mergePatch } = bench.kube;
    bench.kube.mergePatch = async (...args) => {
      bench.setTerm('term-2');
      return mergePatch(...args);
    };
    expect(await bench.pass()).toBeUndefined();
    expect((await bench.workspace()).status?.launch).toBeUndefined();
  });

  test('a conflict is the runtime’s to back off from: a stale informer costs no storm of writes', async () => {
    const bench = await createBench();
    await bench.createClass();
    await bench.createWorkspace();
    await bench.sync();
    await bench.patchWorkspace({ spec: { requests: { restart: 'a' } } });
    const error = await bench.pass().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(isConflict(error)).toBe(true);
  });
});
