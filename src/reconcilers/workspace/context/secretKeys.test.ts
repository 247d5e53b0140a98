import { describe, expect, test } from 'vitest';
import { factsOf, heartbeatOf, statusOf } from '../../../../test/support/workspace/facts.ts';
import { createSurroundings } from '../../../../test/support/workspace/workspaceDeps.ts';
import { namespaceKey } from '../../../gateway/access/namespaceKeys.ts';
import { observeEnvironment } from '../observe/secrets.ts';
import { createMemory } from './memory.ts';

function setUp(...keys: readonly string[]) {
  const around = createSurroundings({ keys });
  const status = statusOf({ desired: undefined, instance: undefined });
  const { workspace } = factsOf({ spec: { envFrom: [{ secretRef: { name: 'ada-env' } }] }, status });
  const mine = createMemory().of('default/ada', 'uid-1');
  around.storeSecret('ada-env', '1', { KEY: 'a' });
  return {
    ...around,
    async observe() {
      const fact = await observeEnvironment(around.deps, workspace, mine);
      if (fact.kind !== 'Merged') throw new Error('it can be read');
      return fact;
    },
  };
}

describe('the environment', () => {
  test('is digested under every key that a digest on record, or of a heartbeat, names', async () => {
    const scene = setUp('k1', 'k2', 'k3');
    const { env } = heartbeatOf(1, { env: 'k2:held' });
    scene.launches.push({ uid: 'uid-1', number: 1, fresh: true, reports: 0, ...(env ? { env } : {}) });
    const fact = await scene.observe();
    const { id } = namespaceKey(scene.deps.keys, 'default');
    expect(Object.keys(fact.digests).sort()).toEqual([id, 'k2']);
    expect(fact.currentKey).toBe(id);
  });

  test('is digested under no other namespace’s key, though an instance names one', async () => {
    const scene = setUp('k1');
    const { id } = namespaceKey(scene.deps.keys, 'theirs');
    const env = `${id}:${'0'.repeat(64)}`;
    scene.launches.push({ uid: 'uid-1', number: 1, fresh: true, reports: 0, env });
    const fact = await scene.observe();
    expect(Object.keys(fact.digests)).not.toContain(id);
  });
});
