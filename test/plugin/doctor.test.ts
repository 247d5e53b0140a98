import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../dev/ports.ts';
import { systemClock } from '../../src/controller/lib/clock.ts';
import { createKubectl, kubectlBy, type Run } from '../../src/plugin/base/kubectl.ts';
import { examine } from '../../src/plugin/doctor/examine.ts';
import { reachBy } from '../../src/plugin/doctor/gateway.ts';
import { openDoctor } from '../doctor/checked.ts';
import { usable } from '../kubectl/kubectl.ts';
import { deployment, IDENTITY, NAMESPACE, pod } from './playedKubectl.ts';

const kubectls = await usable(['kubectl']);

// The operator's own `check` runs in this process, where a cluster with nodes would run it in a pod; all else is real.
describe.each(kubectls)('kubectl $version workspace doctor', () => {
  let scene: Awaited<ReturnType<typeof openDoctor>>['scene'];
  let checked: Awaited<ReturnType<typeof openDoctor>>['checked'];
  let ca: string;
  beforeAll(async () => {
    ({ scene, checked } = await openDoctor());
    ca = await readFile(scene.stack.operatorEnv.WORKSPACE_GATEWAY_CA_FILE ?? '', 'utf8');
  });
  afterAll(() => scene?.close());

  async function examined(env: Record<string, string> = {}, gatewayURL = scene.stack.gatewayURL) {
    const kubectl = createKubectl([`--kubeconfig=${scene.stack.kubeconfigPath}`]);
    const withURL = (part: string) => {
      const text = JSON.stringify(deployment(part)).replace('https://gateway.example:8443', gatewayURL);
      return JSON.parse(text) as object;
    };
    const played: Record<string, object> = {
      deployments: { items: ['controller', 'gateway'].map(withURL) },
      pods: { items: ['controller', 'gateway'].map((part) => pod(part)) },
      'gateway-ca': { data: { 'ca.crt': ca } },
      'ec2-identity': { data: { pem: await readFile(IDENTITY, 'utf8') } },
    };
    const run: Run = async (args, input) => {
      if (args[0] === 'exec') {
        const part = args.includes('gateway') ? 'gateway' : 'controller';
        const { code, lines } = await checked({ part, env, output: 'json' });
        return { code, stdout: `${lines.join('\n')}\n`, stderr: '' };
      }
      const [, answer] =
        Object.entries(played).find(([name]) => args.includes(name) || args.includes(`${name}.apps`)) ?? [];
      return answer ? { code: 0, stdout: JSON.stringify(answer), stderr: '' } : kubectl.run(args, input);
    };
    const results = await examine({
      kubectl: kubectlBy(run),
      clock: systemClock,
      operatorNamespace: NAMESPACE,
      suffix: 'abc',
      reach: reachBy(systemClock),
      onResult: () => undefined,
    });
    return { results, ill: results.filter(({ verdict }) => verdict !== 'ok') };
  }

  test('an operator that is installed as documented is well, seen from everywhere', async () => {
    const { results, ill } = await examined();
    expect(ill).toEqual([]);
    for (const from of ['kubectl', 'controller', 'gateway', 'outside'])
      expect(results.map((it) => it.from)).toContain(from);
    expect(results).toContainEqual(
      expect.objectContaining({
        check: 'database',
        from: 'controller',
        says: expect.stringMatching(/^Postgres \d+/),
      }),
    );
  });

  test('a database that is away is named from both parts, without its password', async () => {
    const port = await freePort();
    const { ill } = await examined({ DATABASE_URL: `postgres://me:hunter2@127.0.0.1:${port}/w` });
    expect(ill.map(({ check, from }) => `${check} ${from}`)).toEqual([
      'database controller',
      'database gateway',
    ]);
    expect(ill[0]?.says).toContain('ECONNREFUSED');
    expect(JSON.stringify(ill)).not.toContain('hunter2');
  });

  test('EC2 that refuses is named with what to attach', async () => {
    const rule = scene.stack.ec2.faults.add({
      action: 'DescribeInstances',
      fault: { kind: 'error', code: 'UnauthorizedOperation' },
      times: Number.POSITIVE_INFINITY,
    });
    const { ill } = await examined();
    scene.stack.ec2.faults.remove(rule);
    const [first] = ill.filter(({ from }) => from === 'controller');
    expect(first).toMatchObject({
      check: 'aws',
      next: expect.stringContaining('deploy/iam/controller.yaml'),
    });
  });

  test('a gateway that listens on another port than its URL says is found from outside', async () => {
    const { ill } = await examined({}, `https://127.0.0.1:${await freePort()}`);
    expect(ill).toEqual([
      expect.objectContaining({
        from: 'outside',
        verdict: 'failed',
        says: 'no TLS connection (ECONNREFUSED)',
      }),
    ]);
  });
});
