import { describe, test } from 'vitest';
import { putSecret, untilReady } from './harness.ts';
import { expectCarriedOutOnce, isLeading, withPair } from './pair.ts';

describe.concurrent('of two replicas one leads', () => {
  test('killed, it is followed by the other, which carries out once what was changed meanwhile', async () => {
    await withPair(async ({ scene, leader, standby }) => {
      await leader.end('SIGKILL');
      await putSecret(scene, 'ada-env', { KEY: 'b' });
      await standby.line(isLeading);
      await expectCarriedOutOnce(scene);
    });
  });

  test('frozen and thawed when the other leads, it stands by and does nothing a second time', async () => {
    await withPair(async ({ scene, leader, standby }) => {
      process.kill(leader.pid, 'SIGSTOP');
      await putSecret(scene, 'ada-env', { KEY: 'b' });
      await standby.line(isLeading);
      await untilReady(scene, 'ada', 2);
      process.kill(leader.pid, 'SIGCONT');
      await leader.line((line) => line.msg === 'stopped leading');
      await expectCarriedOutOnce(scene);
    });
  });
});
