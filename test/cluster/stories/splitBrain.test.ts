import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { liveInstancesOf, provisionsOf, sweeps } from '../../scenarios/scene/counts.ts';
import { NAMESPACE } from '../../scenarios/scene/objects.ts';
import type { Scene } from '../../scenarios/scene/scene.ts';
import { until } from '../../scenarios/scene/until.ts';
import { putSecret, untilGone, untilReady } from '../../scenarios/scene/workspaces.ts';
import {
  expectCarriedOutOnce,
  isLeading,
  type Pair,
  type Role,
  withPair,
} from '../../scenarios/steps/pair.ts';
import { auditedRequests } from '../real/auditLog.ts';
import { type ActionRecorder, recordActions } from './actionRecorder.ts';

const READS = ['get', 'list', 'watch'];
const kubeconfig = z.object({ users: z.array(z.object({ user: z.object({ token: z.string() }) })) });
const claims = z.object({ jti: z.string() });

/** How the audit log names the holder of the kubeconfig's token. */
function credentialIn(yaml: string): string {
  const token = kubeconfig.parse(parse(yaml)).users[0]?.user.token ?? '';
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  return `JTI=${claims.parse(JSON.parse(payload)).jti}`;
}

/** What the cluster's and the cloud's books hold of each replica. */
interface Books {
  /** Written to the cluster by the leader of old, but for its lease, and for events, which report what was. */
  writes(): string[];
  /** What it asked of the cloud that may change anything. */
  effects(): string[];
}

/** Two replicas, each with a token and a way to the cloud of its own, so that the books can tell them apart. */
async function withMarkedPair(run: (pair: Pair, books: Books) => Promise<void>): Promise<void> {
  const recorders = new Map<Role, ActionRecorder>();
  let credential = '';
  const mark = async (role: Role, scene: Scene): Promise<Record<string, string>> => {
    const recorder = await recordActions(scene.stack.ec2.url);
    recorders.set(role, recorder);
    const yaml = await scene.operatorKubeconfig();
    if (role === 'leader') credential = credentialIn(yaml);
    const path = join(scene.stack.folder, `kubeconfig-${role}`);
    await writeFile(path, yaml, { mode: 0o600 });
    return { KUBECONFIG: path, AWS_ENDPOINT_URL_EC2: recorder.url };
  };
  try {
    await withPair(async (pair) => {
      const { cluster } = pair.scene;
      if (!cluster) throw new Error('this needs a real cluster: npm run test:cluster');
      await run(pair, {
        writes: () =>
          auditedRequests(cluster.auditLog)
            .filter((request) => request.credential === credential && !READS.includes(request.verb))
            .filter(({ resource }) => !['leases', 'events'].includes(resource))
            .map(({ verb, resource, name }) => `${verb} ${resource} ${name}`),
        effects: () => recorders.get('leader')?.actions.filter((it) => !/^(Describe|Get)/.test(it)) ?? [],
      });
    }, mark);
  } finally {
    for (const recorder of recorders.values()) await recorder.stop();
  }
}

/** What the leader of old asks for from its thaw until it stands by, and a while longer. */
async function thaw({ scene, leader }: Pair, books: Books): Promise<{ writes: string[]; effects: string[] }> {
  const writes = books.writes().length;
  const effects = books.effects().length;
  process.kill(leader.pid, 'SIGCONT');
  await leader.line((line) => line.msg === 'stopped leading');
  await sweeps(scene, 10);
  return { writes: books.writes().slice(writes), effects: books.effects().slice(effects) };
}

const NOTHING = { writes: [], effects: [] };

describe.concurrent('a leader that was frozen for longer than its lease, and goes on', () => {
  test('while idle: it writes nothing and sends nothing', () =>
    withMarkedPair(async (pair, books) => {
      const { scene, leader, standby } = pair;
      expect(books.writes()).not.toEqual([]);
      expect(books.effects()).toContain('RunInstances');
      process.kill(leader.pid, 'SIGSTOP');
      await putSecret(scene, 'ada-env', { KEY: 'b' });
      await standby.line(isLeading);
      await untilReady(scene, 'ada', 2);
      expect(await thaw(pair, books)).toEqual(NOTHING);
      await expectCarriedOutOnce(scene);
    }));

  test('with RunInstances under way: it hears the answer, and leaves it to the other', () =>
    withMarkedPair(async (pair, books) => {
      const { scene, leader, standby } = pair;
      scene.stack.ec2.faults.add({ action: 'RunInstances', fault: { kind: 'delayedAnswer', ms: 3_000 } });
      await putSecret(scene, 'ada-env', { KEY: 'b' });
      await until('it was provisioned', () => provisionsOf(scene, 'ada').length === 2);
      process.kill(leader.pid, 'SIGSTOP');
      await standby.line(isLeading);
      await untilReady(scene, 'ada', 2);
      expect(await thaw(pair, books)).toEqual(NOTHING);
      await expectCarriedOutOnce(scene);
    }));

  test('with a deletion to carry out: the other one ends the instance and lets the Workspace go', () =>
    withMarkedPair(async (pair, books) => {
      const { scene, leader, standby } = pair;
      process.kill(leader.pid, 'SIGSTOP');
      await scene.kube.delete(WORKSPACES, 'ada', NAMESPACE);
      await standby.line(isLeading);
      await untilGone(scene, 'ada');
      expect(await thaw(pair, books)).toEqual(NOTHING);
      expect(liveInstancesOf(scene, 'ada')).toEqual([]);
      expect(provisionsOf(scene, 'ada')).toHaveLength(1);
    }));
});
