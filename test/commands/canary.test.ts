import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCanary } from '../../dev/canary/runCanary.ts';
import { CANARY_KEY } from '../../dev/canary/target.ts';
import { createNarrator } from '../../dev/terminal/narrator.ts';
import { type ClusterAccess, openCluster, SECRETS } from '../../dev/watch/cluster.ts';
import type { KubeObject } from '../../src/controller/client/client.ts';
import { systemClock } from '../../src/controller/lib/clock.ts';
import { systemRandom } from '../../src/controller/lib/random.ts';
import type { Operator } from '../../src/operator/operator.ts';
import { provisionsOf } from '../scenarios/scene/counts.ts';
import { CLASSES, classManifest, NAMESPACE } from '../scenarios/scene/objects.ts';
import { createScene, type Scene } from '../scenarios/scene/scene.ts';
import { createWorkspace, patchWorkspace, putSecret, untilReady } from '../scenarios/scene/workspaces.ts';

/** A launch takes about three seconds at twenty times life size. */
const SECONDS = 8;

describe('npm run canary', () => {
  let scene: Scene;
  let operator: Operator;
  let cluster: ClusterAccess;
  beforeAll(async () => {
    scene = await createScene();
    operator = await scene.start();
    cluster = openCluster(systemClock, scene.stack.kubeconfigPath);
    // Changes follow one another at once, so that only what is about deferral waits for it.
    await scene.kube.create(CLASSES, classManifest('quick', { rollout: { minIntervalSeconds: 0 } }));
    // Longer than a boot takes on a busy machine, so that the change does come within it.
    await scene.kube.create(CLASSES, classManifest('calm', { rollout: { minIntervalSeconds: 300 } }));
  });
  afterAll(async () => {
    await cluster.close();
    await scene.close();
  });

  async function ready(name: string, spec: Record<string, unknown> = {}): Promise<void> {
    await putSecret(scene, `${name}-env`, { KEY: 'a' });
    await createWorkspace(scene, name, { className: 'quick', ...spec });
    await untilReady(scene, name, 1);
  }

  async function dataOf(secret: string): Promise<Record<string, string>> {
    const object = await scene.kube.get<KubeObject & { data?: Record<string, string> }>(
      SECRETS,
      secret,
      NAMESPACE,
    );
    return object.data ?? {};
  }

  async function run(
    name: string,
    options: { secret?: string; seconds?: number; watch?: (said: string) => void } = {},
  ) {
    let output = '';
    const { watch = () => undefined } = options;
    const write = (text: string) => {
      output += text;
      watch(output);
    };
    const narrator = createNarrator({ out: { write }, clock: systemClock });
    const { signal } = new AbortController();
    const base = { cluster, clock: systemClock, random: systemRandom, narrator, signal };
    const good = await runCanary({ ...base, namespace: NAMESPACE, name, seconds: SECONDS, ...options });
    return { good, output };
  }

  test('one changed key is one provision, and the other keys stay as they are', async () => {
    await ready('ada');
    const { good, output } = await run('ada');
    expect(output).toContain('Verdict: one change, exactly one provision.');
    expect(good).toBe(true);
    expect(output).toContain('SecretChanged: ada-env/WORKSPACE_CANARY');
    const data = await dataOf('ada-env');
    expect(Object.keys(data).sort()).toEqual(['KEY', CANARY_KEY]);
    expect(data.KEY).toBe(Buffer.from('a').toString('base64'));
    expect(output).not.toContain(Buffer.from(data[CANARY_KEY] ?? '', 'base64').toString());
    expect(provisionsOf(scene, 'ada')).toHaveLength(2);
  });

  test('a change within the interval is explained as deferred, waited for, and then counted', async () => {
    await ready('bob', { className: 'calm' });
    const { good, output } = await run('bob', { seconds: 6 });
    expect(output).toContain('it is deferred, not dropped');
    expect(good, output).toBe(true);
    expect(provisionsOf(scene, 'bob')).toHaveLength(2);
  });

  test('a second provision within the window is reported', async () => {
    await ready('cyd');
    let asked: Promise<void> | undefined;
    const { good, output } = await run('cyd', {
      seconds: 30,
      watch(said) {
        if (asked === undefined && said.includes('provision 2'))
          asked = patchWorkspace(scene, 'cyd', { spec: { requests: { restart: 'again' } } });
      },
    });
    await asked;
    expect(good).toBe(false);
    expect(output).toContain('Verdict: not as promised: 2 provisions for one change');
  });

  test('what would not be one provision is refused, with the next step, and nothing is changed', async () => {
    await ready('dan');
    const before = await dataOf('dan-env');
    const refused = (options: { secret?: string } = {}) =>
      run('dan', options).then(
        () => 'nothing was refused',
        (error: Error) => `${error.name}: ${error.message}`,
      );
    expect(await run('eve').catch((error: Error) => error.message)).toMatch(
      /there is no Workspace default\/eve: kubectl get wks -A/,
    );
    expect(await refused({ secret: 'other' })).toMatch(
      /--secret other is not in spec.envFrom, which has dan-env/,
    );

    await patchWorkspace(scene, 'dan', { spec: { paused: true } });
    expect(await refused()).toMatch(/CannotBegin: default\/dan is paused.*unset spec.paused/);
    await patchWorkspace(scene, 'dan', { spec: { paused: false, env: [{ name: CANARY_KEY, value: 'x' }] } });
    expect(await refused()).toMatch(/sets WORKSPACE_CANARY in spec.env/);
    await patchWorkspace(scene, 'dan', { spec: { env: [], envFrom: [] } });
    expect(await refused()).toMatch(/has no spec.envFrom/);
    expect(await dataOf('dan-env')).toEqual(before);
  });

  test('without the right to write Secrets it says which right, and how to see it', async () => {
    await ready('fay');
    const fault = scene.stack.api.faults.add({
      match: { verbs: ['patch'], resources: ['secrets'] },
      effect: { kind: 'error', status: 403, reason: 'Forbidden' },
    });
    const why = await run('fay').catch((error: Error) => error.message);
    fault.remove();
    expect(why).toBe(
      'you may not: patch secrets in default; see kubectl auth can-i patch secrets -n default',
    );
    expect(provisionsOf(scene, 'fay')).toHaveLength(1);
  });

  test('a Secret that another wins over is refused', async () => {
    await putSecret(scene, 'first-env', { KEY: 'a' });
    await putSecret(scene, 'last-env', { [CANARY_KEY]: 'mine' });
    const envFrom = ['first-env', 'last-env'].map((name) => ({ secretRef: { name } }));
    await createWorkspace(scene, 'gus', { className: 'quick', envFrom });
    await untilReady(scene, 'gus', 1);
    const why = await run('gus', { secret: 'first-env' }).catch((error: Error) => error.message);
    expect(why).toMatch(/is also in last-env, which wins over first-env: choose that one with --secret/);
  });

  test('the command exits with 2 where nothing was changed, and says why in one line', async () => {
    const file = join(import.meta.dirname, '..', '..', 'dev', 'canary.ts');
    const env = { ...process.env, KUBECONFIG: scene.stack.kubeconfigPath };
    const call = promisify(execFile)(process.execPath, [file, 'default/nobody'], { env });
    await expect(call).rejects.toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/^Failed: there is no Workspace default\/nobody: .*\n$/),
    });
  });

  test('an operator that does not look is reported as such', async () => {
    await ready('hal');
    await operator.stop();
    const { good, output } = await run('hal', { seconds: 1 });
    expect(good).toBe(false);
    expect(output).toMatch(/waited 1 s in vain until the change is launched.*See that an operator runs/);
  });
});
