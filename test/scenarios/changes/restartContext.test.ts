import { setTimeout as wait } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { InstanceRecord } from '../../../dev/ec2/base/model.ts';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import { provisionsOf, sweeps } from '../scene/counts.ts';
import { CLASSES, classManifest } from '../scene/objects.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { until } from '../scene/until.ts';
import {
  createWorkspace,
  patchWorkspace,
  putSecret,
  untilReady,
  untilWorkspace,
} from '../scene/workspaces.ts';

/** A class's sixty seconds, ms. */
const WINDOW_MS = 3_000;

const answered = z.object({
  restart: z.object({ at: z.string(), cause: z.string(), changed: z.array(z.string()) }).optional(),
});

describe.concurrent('the restart context', () => {
  let scene: Scene;
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  beforeAll(async () => {
    scene = await createScene();
    await scene.start();
    // Its agents beat once and then say nothing for an hour, so that none acknowledges on its own; changes wait as long.
    const heartbeat = { periodSeconds: 3_600, timeoutSeconds: 86_400 };
    await scene.kube.create(
      CLASSES,
      classManifest('quiet', { heartbeat, rollout: { minIntervalSeconds: 3_600 } }),
    );
  });
  afterAll(async () => {
    await dispatcher.close();
    await scene.close();
  });

  async function ready(name: string, className = 'standard'): Promise<Workspace> {
    await putSecret(scene, `${name}-env`, { KEY: 'a' });
    await createWorkspace(scene, name, { className });
    return untilReady(scene, name, 1);
  }

  function instanceOf({ metadata, status }: Workspace): InstanceRecord {
    const instance = scene.stack.ec2.state.instances.get(status?.launch?.instanceID ?? '');
    if (!instance) throw new Error(`${metadata.name} has no instance`);
    return instance;
  }

  /** A heartbeat in the name of the instance's agent, newer than any of its own. */
  function createBeats(workspace: Workspace) {
    const { status } = workspace;
    const { disk } = instanceOf(workspace);
    let seq = 1_000;
    return async (acknowledged = false) => {
      seq += 1;
      const answer = await request(`${scene.stack.gatewayURL}/v1/heartbeat`, {
        method: 'POST',
        dispatcher,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${disk.credential}` },
        body: JSON.stringify({
          number: status?.launch?.number,
          boot: 1,
          seq,
          env: status?.instance?.env,
          ...(acknowledged && { acknowledged }),
        }),
      });
      return { code: answer.statusCode, restart: answered.parse(await answer.body.json()).restart };
    };
  }

  test('reaches the new agent once it is alive, with time, cause and the names of what changed', async () => {
    const first = await ready('told');
    await wait(WINDOW_MS);
    await putSecret(scene, 'told-env', { KEY: 'a new value', OTHER: 'b' });
    const second = await untilReady(scene, 'told', 2);
    const { openedAt } = second.status?.launch ?? {};
    const line = `restarted at ${openedAt}: SecretChanged told-env/KEY told-env/OTHER\n`;
    await until('the agent printed why', () => instanceOf(second).console.includes(line));
    expect(instanceOf(second).console).not.toContain('a new value');
    expect(instanceOf(first).console).not.toContain('restarted');
  });

  test('never reaches the old one, whenever it asks', async () => {
    const first = await ready('old');
    const beat = createBeats(first);
    const heard: Awaited<ReturnType<typeof beat>>[] = [await beat()];
    await patchWorkspace(scene, 'old', { spec: { requests: { restart: 'now' } } });
    const second = untilReady(scene, 'old', 2);
    let over = false;
    second.then(
      () => (over = true),
      () => (over = true),
    );
    await until('the new one is Ready', async () => {
      heard.push(await beat());
      return over;
    });
    heard.push(await beat());
    expect((await second).status?.launch?.cause?.kind).toBe('Restart');
    expect(heard.filter(({ restart }) => restart !== undefined)).toEqual([]);
    expect([heard.at(0)?.code, heard.at(-1)?.code]).toEqual([200, 410]);
  });

  test('comes with each heartbeat until it is acknowledged, and never after; not acknowledging restarts nothing', async () => {
    await ready('deaf', 'quiet');
    await patchWorkspace(scene, 'deaf', { spec: { requests: { restart: 'now' } } });
    const second = await untilReady(scene, 'deaf', 2);
    const beat = createBeats(second);
    const context = { at: second.status?.launch?.openedAt, cause: 'Restart', changed: [] };
    for (let count = 0; count < 3; count += 1) {
      expect(await beat()).toEqual({ code: 200, restart: context });
      await sweeps(scene, 2);
    }
    expect(await beat(true)).toEqual({ code: 200, restart: undefined });
    expect(await beat()).toEqual({ code: 200, restart: undefined });
    expect(provisionsOf(scene, 'deaf')).toHaveLength(2);
  });

  test('of a first launch there is none', async () => {
    const first = await ready('new');
    expect((await createBeats(first)()).restart).toBeUndefined();
    await sweeps(scene, 2);
    expect(instanceOf(first).console).not.toContain('restarted');
  });

  test('names what the launch spent, and not a change that came after it', async () => {
    await ready('later', 'quiet');
    await patchWorkspace(scene, 'later', { spec: { requests: { restart: 'now' } } });
    const second = await untilReady(scene, 'later', 2);
    await putSecret(scene, 'later-env', { KEY: 'b' });
    await untilWorkspace(scene, 'later', 'the change counts', (it) => it.status?.desired?.generation === 2);
    expect((await createBeats(second)()).restart).toMatchObject({ cause: 'Restart', changed: [] });
  });
});
