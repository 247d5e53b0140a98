import { describe, test } from 'vitest';
import { putSecret } from '../../scenarios/scene/workspaces.ts';
import { expectCarriedOutOnce, isLeading, withPair } from '../../scenarios/steps/pair.ts';

// Frozen instead, in the middle of a change: splitBrain.test.ts.
describe('of two replicas one leads', () => {
  test('killed, it is followed by the other, which carries out once what was changed meanwhile', async () => {
    await withPair(async ({ scene, leader, standby }) => {
      await leader.end('SIGKILL');
      await putSecret(scene, 'ada-env', { KEY: 'b' });
      await standby.line(isLeading);
      await expectCarriedOutOnce(scene);
    });
  });
});
