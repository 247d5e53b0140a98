import { expect } from 'vitest';
import { story } from '../driver/story.ts';
import { MINUTE } from '../driver/time.ts';

/** The operator's log lines about instances without an owner. */
interface Found {
  event?: string;
  instanceID?: string;
}

// The server's whole state goes back, the leader's Lease and all resource versions with it. Over sockets: test/slow/restoredBackup.test.ts.
story(
  'a backup of the API server is restored under a running operator: what has an instance keeps it, and none is launched or ended but for what the backup says',
  {},
  async (world) => {
    const ready = async (name: string) => {
      await world.putSecret(`${name}-env`, { KEY: 'a' });
      await world.createWorkspace(name);
      await world.untilReady(name, 1);
    };
    for (const name of ['same', 'changed', 'deleted']) await ready(name);
    const restore = world.backUp();
    await world.putSecret('changed-env', { KEY: 'b' });
    await world.untilReady('changed', 2);
    await world.until('it is settled', () => world.workspace('changed').status?.terminating === undefined);
    await ready('born');
    await world.remove('deleted');
    await world.untilGone('deleted');
    const lives = new Map(['same', 'changed', 'born'].map((name) => [name, world.live(name)]));

    restore();

    // A server that answers with older versions may only lag, so it takes half a minute until it is believed.
    await world.until('the loss is seen', () => world.condition('changed', 'Ready')?.reason === 'StatusLost');
    expect(world.live('changed')).toEqual(lives.get('changed'));
    await world.until(
      'its instance is found again',
      () => world.workspace('changed').status?.launch?.number !== 1,
    );
    // Its Secret went back as well, so what lives holds an environment that is not the desired one any more.
    await world.untilReady('changed', 3);
    await world.untilReady('deleted', 2);
    const [orphan] = lives.get('born') ?? [];
    await world.until('the log names the instance without an owner', () =>
      world.scene.logs
        .map((line) => JSON.parse(line) as Found)
        .some(({ event, instanceID }) => event === 'orphan.found' && instanceID === orphan),
    );
    await world.pass(10 * MINUTE);
    expect(world.live('same')).toEqual(lives.get('same'));
    expect(world.condition('same', 'Ready')?.status).toBe('True');
    expect(world.provisions('same')).toHaveLength(1);
    expect(world.live('born')).toEqual(lives.get('born'));
    expect(world.terminations('born')).toEqual([]);
    expect(world.provisions('deleted')).toHaveLength(2);
    expect(world.live('deleted')).toHaveLength(1);
    expect(world.provisions('changed')).toHaveLength(3);
    expect(world.live('changed')).toHaveLength(1);
  },
);
