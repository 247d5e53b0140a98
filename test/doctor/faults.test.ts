import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { freePort } from '../../dev/ports.ts';
import { provisionsOf } from '../scenarios/scene/counts.ts';
import { createWorkspace, untilReady } from '../scenarios/scene/workspaces.ts';
import { openDoctor } from './checked.ts';

let scene: Awaited<ReturnType<typeof openDoctor>>['scene'];
let checked: Awaited<ReturnType<typeof openDoctor>>['checked'];
beforeAll(async () => {
  ({ scene, checked } = await openDoctor());
});
afterAll(() => scene?.close());

test('an API server that is away, and one that does not know the account, have a next step each', async () => {
  const admin = parse(scene.adminKubeconfig) as {
    clusters: { cluster: { server: string } }[];
    users: { user: { token: string } }[];
  };
  const away = structuredClone(admin);
  for (const { cluster } of away.clusters) cluster.server = `https://127.0.0.1:${await freePort()}`;
  const stranger = structuredClone(admin);
  for (const { user } of stranger.users) user.token = 'nobody';
  const failureOf = async (kubeconfig: unknown) => {
    const { code, failures } = await checked({ kubeconfig: stringify(kubeconfig) });
    expect(code).toBe(1);
    return failures.find((line) => line.startsWith('FAIL  kubernetes'));
  };
  expect(await failureOf(away)).toMatch(
    /the API server: .*ECONNREFUSED.*; check the address in the kubeconfig/,
  );
  expect(await failureOf(stranger)).toMatch(/the API server: .*401.*; mount the token of the ServiceAccount/);
});

test('a database that refuses the password, or shows a certificate of another CA, names the setting', async () => {
  const wrong = new URL(scene.stack.databaseURL);
  wrong.username = 'somebody-else';
  wrong.password = 'hunter2';
  const refused = await checked({ env: { DATABASE_URL: wrong.href } });
  expect(refused.failures).toEqual([expect.stringMatching(/^FAIL {2}database: .*; .*DATABASE_URL/)]);
  const plain = new URL(scene.stack.databaseURL);
  plain.searchParams.set('sslmode', 'verify-full');
  const encrypted = await checked({ env: { DATABASE_URL: plain.href } });
  expect(encrypted.failures).toEqual([
    expect.stringMatching(/^FAIL {2}database: .*does not support SSL.*; .*sslmode/),
  ]);
  expect(JSON.stringify([refused, encrypted])).not.toContain('hunter2');
});

test('a port that speaks no TLS, one that never answers, and a missing CA bundle have findings of their own', async () => {
  const failureOf = async (env: Record<string, string>) => {
    const { failures } = await checked({ part: 'gateway', env });
    return failures.filter((line) => line.startsWith('FAIL  gateway')).join();
  };
  const answers = new Map<string, (socket: Socket) => unknown>([
    ['.*WRONG_VERSION_NUMBER', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['TIMEOUT', () => undefined],
  ]);
  for (const [code, answer] of answers) {
    const open = new Set<Socket>();
    const server = createServer((socket) => {
      open.add(socket.on('error', () => undefined));
      answer(socket);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const env = {
      WORKSPACE_GATEWAY_URL: `https://127.0.0.1:${port}`,
      WORKSPACE_KUBERNETES_TIMEOUT_MS: '3000',
    };
    expect(await failureOf(env)).toMatch(new RegExp(`no TLS connection \\(${code}\\); check that gateways`));
    for (const socket of open) socket.destroy();
    server.close();
  }
  expect(await failureOf({ WORKSPACE_GATEWAY_CA_FILE: '/nowhere/ca.pem' })).toMatch(
    /the CA bundle: .*\/nowhere\/ca.pem.*; correct gateway.ca.existingConfigMap/,
  );
});

test('launches are tried by a dry run like the newest of each class, and nothing is launched', async () => {
  expect((await checked()).lines.join('\n')).toContain('ok    aws: launches: none is on record');
  await createWorkspace(scene, 'eve', { envFrom: [] });
  await untilReady(scene, 'eve', 1);
  const object = 'launches of class standard, like that of default/eve';
  expect((await checked()).lines).toContain(`ok    aws: ${object}: a dry run of RunInstances works`);
  const rule = scene.stack.ec2.faults.add({
    action: 'RunInstances',
    dryRun: true,
    fault: { kind: 'error', code: 'UnauthorizedOperation' },
    times: Number.POSITIVE_INFINITY,
  });
  const { code, failures } = await checked();
  scene.stack.ec2.faults.remove(rule);
  expect(code).toBe(1);
  expect(failures).toEqual([
    expect.stringMatching(
      `^FAIL  aws: ${object}: a dry run of RunInstances failed \\(UnauthorizedOperation\\); .*Grant the operator`,
    ),
  ]);
  expect(provisionsOf(scene, 'eve')).toHaveLength(1);
});

test('a controller without credentials of AWS gets the name of the role that it lacks', async () => {
  // The SDK's chain reads the environment of the process alone.
  const kept = { ...process.env };
  delete process.env.AWS_ACCESS_KEY_ID;
  delete process.env.AWS_SECRET_ACCESS_KEY;
  process.env.AWS_EC2_METADATA_DISABLED = 'true';
  process.env.AWS_SHARED_CREDENTIALS_FILE = '/nowhere';
  try {
    const { failures } = await checked();
    expect(failures).toEqual([
      expect.stringMatching(
        /^FAIL {2}aws: .*\(NoCredentials\); give the controller’s ServiceAccount its role/,
      ),
    ]);
  } finally {
    process.env = kept;
  }
});
