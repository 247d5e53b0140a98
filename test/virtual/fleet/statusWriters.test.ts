import { describe, expect } from 'vitest';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { story } from '../driver/story.ts';
import { MINUTE, SECOND } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

const OFFERING = {
  instanceType: 'm7i.large',
  capacityType: 'OnDemand',
  zone: 'eu-test-1a',
  subnetID: 'subnet-a',
};

/** Someone with the right to writes that EC2 refuses every launch of the account, again every ten seconds for five minutes. */
async function forgeRefusals(world: World, name: string): Promise<void> {
  for (let second = 0; second < 300; second += 10) {
    const [at, until] = [world.scene.clock.now(), world.scene.clock.now() + 15 * MINUTE].map((ms) =>
      new Date(ms).toISOString(),
    );
    const refusal = { class: 'quota', code: 'Blocked', ...OFFERING, at, until };
    await world.scene.kube.mergePatch(
      WORKSPACES,
      { name, namespace: 'default', subresource: 'status' },
      { status: { refusals: [refusal] } },
    );
    await world.pass(10 * SECOND);
  }
}

describe('who may write the status of one Workspace', () => {
  story('holds up the launches of no other, by refusals that EC2 never gave', {}, async (world) => {
    await world.createFleet(2);
    await forgeRefusals(world, 'ws-0');
    await world.putSecret('other-env', { KEY: 'a' });
    await world.createWorkspace('other');
    await world.until('it is launched', () => world.provisions('other').length === 1, MINUTE);
    await world.untilReady('other', 1);
    await world.edit('ws-1', { requests: { restart: 'now' } });
    await world.until('it is launched again', () => world.provisions('ws-1').length === 2, MINUTE);
    await world.untilReady('ws-1', 2);
    expect(world.provisions()).toHaveLength(4);
  });
});
