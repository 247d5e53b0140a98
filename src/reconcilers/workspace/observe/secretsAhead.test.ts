import { expect, test } from 'vitest';
import { factsOf } from '../../../../test/support/workspace/facts.ts';
import { createSurroundings } from '../../../../test/support/workspace/workspaceDeps.ts';
import { createMemory } from '../context/memory.ts';
import { KEEP_MS } from '../context/secretReads.ts';
import { observeEnvironment } from './secrets.ts';

const envFrom = [{ secretRef: { name: 'ada-env' } }, { secretRef: { name: 'extra', optional: true } }];

test('the content of a Secret that the cache never showed is not kept for any Workspace once the Secret is gone', async () => {
  const { deps, clock, secretData, storeSecret } = createSurroundings();
  const memory = createMemory();
  const [one, other] = [memory.of('default/ada', 'uid-1'), memory.of('default/bob', 'uid-2')];
  const observe = (mine: typeof one) =>
    observeEnvironment(deps, factsOf({ spec: { envFrom } }).workspace, mine);
  storeSecret('ada-env', '1', { KEY: 'a' });
  const without = await observe(one);
  await clock.advance(KEEP_MS);
  storeSecret('ada-env', '2', { KEY: 'a' });
  secretData.set('default/extra', { MORE: 'x' });
  expect(await observe(other)).not.toEqual(without);
  expect(await observe(one)).not.toEqual(without);
  storeSecret('extra', '5', { MORE: 'x' });
  deps.secrets.applyDelete({
    metadata: { name: 'extra', namespace: 'default', uid: 'extra', resourceVersion: '6' },
  });
  secretData.delete('default/extra');
  expect(await observe(other)).toEqual(without);
  expect(await observe(one)).toEqual(without);
});
