import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { WORKSPACES } from '../../src/reconcilers/workspace/deps.ts';
import {
  liveInstancesOf,
  NAMESPACE,
  provisionsOf,
  putSecret,
  type Scene,
  sweeps,
  untilGone,
  untilReady,
  untilWorkspace,
} from '../scenarios/harness.ts';
import { expectCarriedOutOnce, isLeading, type Pair, type Role, withPair } from '../scenarios/pair.ts';
import { type ActionRecorder, recordActions } from './actionRecorder.ts';
import { auditedRequests } from './auditLog.ts';

const READS = ['get', 'list', 'watch'];
const kubeconfig = z.object({ users: z.array(z.object({ user: z.object({ token: z.string() }) })) });
const claims = z.object({ jti: z.string() });

/** How the audit log names whoever shows the kubeconfig's token. */
function credentialIn(yaml: string): string {
  const token = kubeconfig.parse(parse(yaml)).users[0]?.user.token ?? '';
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  return `JTI=${claims.parse(JSON.parse(payload)).jti}`;
}

describe('a leader that was frozen for longer than its lease, and goes on', () => {
  const recorders = new Map<Role, ActionRecorder>();
  const credentials = new Map<Role, string>();
  beforeEach(() => recorders.clear());
  afterEach(async () => {
    for (const recorder of recorders.values()) await recorder.stop();
  });

  /** A replica that the cluster's and the cloud's books can tell from the other. */
  async function marked(role: Role, scene: Scene): Promise<Record<string, string>> {
    const recorder = await recordActions(scene.stack.ec2.url);
    recorders.set(role, recorder);
    const yaml = await scene.operatorKubeconfig();
    credentials.set(role, credentialIn(yaml));
    const path = join(scene.stack.folder, `kubeconfig-${role}`);
    await writeFile(path, yaml, { mode: 0o600 });
    return { KUBECONFIG: path, AWS_ENDPOINT_URL_EC2: recorder.url };
  }

  /** What the leader of old wrote to the cluster, but for its lease, and for events, which tell of what was. */
  function writesOfLeader({ cluster }: Scene): string[] {
    if (!cluster) throw new Error('this needs a real cluster: npm run test:cluster');
    return auditedRequests(cluster.auditLog)
      .filter(({ credential, verb }) => credential === credentials.get('leader') && !READS.includes(verb))
      .filter(({ resource }) => !['leases', 'events'].includes(resource))
      .map(({ verb, resource, name }) => `${verb} ${resource} ${name}`);
  }

  const effectsOfLeader = () => {
    const asked = recorders.get('leader')?.actions ?? [];
    return asked.filter((action) => !/^(Describe|Get)/.test(action));
  };

  /** What the leader of old asks for from its thaw until it stands by, and a while longer. */
  async function thaw({ scene, leader }: Pair): Promise<{ writes: string[]; effects: string[] }> {
    const writes = writesOfLeader(scene).length;
    const effects = effectsOfLeader().length;
    process.kill(leader.pid, 'SIGCONT');
    await leader.line((line) => line.msg === 'stopped leading');
    await sweeps(scene, 10);
    return { writes: writesOfLeader(scene).slice(writes), effects: effectsOfLeader().slice(effects) };
  }

  const NOTHING = { writes: [], effects: [] };

  test('while idle: it writes nothing and sends nothing', () =>
    withPair(async (pair) => {
      const { scene, leader, standby } = pair;
      expect(writesOfLeader(scene)).not.toEqual([]);
      expect(effectsOfLeader()).toContain('RunInstances');
      process.kill(leader.pid, 'SIGSTOP');
      await putSecret(scene, 'ada-env', { KEY: 'b' });
      await standby.line(isLeading);
      await untilReady(scene, 'ada', 2);
      expect(await thaw(pair)).toEqual(NOTHING);
      await expectCarriedOutOnce(scene);
    }, marked));

  test('with RunInstances under way: it hears the answer, and leaves it to the other', () =>
    withPair(async (pair) => {
      const { scene, leader, standby } = pair;
      scene.stack.ec2.faults.add({ action: 'RunInstances', fault: { kind: 'delayedAnswer', ms: 3_000 } });
      await putSecret(scene, 'ada-env', { KEY: 'b' });
      await untilWorkspace(scene, 'ada', 'sent', () => provisionsOf(scene, 'ada').length === 2);
      process.kill(leader.pid, 'SIGSTOP');
      await standby.line(isLeading);
      await untilReady(scene, 'ada', 2);
      expect(await thaw(pair)).toEqual(NOTHING);
      await expectCarriedOutOnce(scene);
    }, marked));

  test('with a deletion to carry out: the other one ends the instance and lets the Workspace go', () =>
    withPair(async (pair) => {
      const { scene, leader, standby } = pair;
      process.kill(leader.pid, 'SIGSTOP');
      await scene.kube.delete(WORKSPACES, 'ada', NAMESPACE);
      await standby.line(isLeading);
      await untilGone(scene, 'ada');
      expect(await thaw(pair)).toEqual(NOTHING);
      expect(liveInstancesOf(scene, 'ada')).toEqual([]);
      expect(provisionsOf(scene, 'ada')).toHaveLength(1);
    }, marked));
});
