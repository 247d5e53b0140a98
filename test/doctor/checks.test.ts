import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createServerCertificate } from '../../dev/apiserver/transport/certificates.ts';
import { freePort } from '../../dev/ports.ts';
import { parseCommandLine } from '../../src/config/commandLine.ts';
import type { KubeObject, Resource } from '../../src/controller/client/client.ts';
import { systemClock } from '../../src/controller/lib/clock.ts';
import type { Right } from '../../src/doctor/rightsList.ts';
import { CONTROLLER_RIGHTS, GATEWAY_RIGHTS } from '../../src/doctor/rightsList.ts';
import { type Grant, grantsIn } from '../cluster/accounts/grants.ts';
import { createWorkspace, putSecret } from '../scenarios/scene/workspaces.ts';
import { createDoorAt } from '../support/base/door.ts';
import { createTestDatabase } from '../support/gateway/postgres.ts';

import { type Given, openDoctor } from './checked.ts';

const DEPLOY = join(import.meta.dirname, '..', '..', 'deploy');
const DEFINITIONS: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  namespaced: false,
};
const ROLES: Resource = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  plural: 'clusterroles',
  namespaced: false,
};

let scene: Awaited<ReturnType<typeof openDoctor>>['scene'];
let checked: Awaited<ReturnType<typeof openDoctor>>['checked'];
beforeAll(async () => {
  ({ scene, checked } = await openDoctor());
});
afterAll(() => scene?.close());

test('each part of an operator that is installed as documented passes', async () => {
  for (const part of ['controller', 'gateway'] as const) {
    const { code, lines } = await checked({ part });
    expect({ code, failures: lines.filter((line) => !/^(ok|All)/.test(line)) }).toEqual({
      code: 0,
      failures: [],
    });
    for (const name of ['kubernetes', 'definitions', 'rights', 'database'])
      expect(lines.join('\n')).toContain(`ok    ${name}: `);
    expect(lines.join('\n')).toContain(part === 'controller' ? 'ok    aws: ' : 'ok    gateway: ');
    expect(lines.join('\n')).toMatch(/Postgres \d+\.\d+ answers/);
  }
});

test('a database that is away is named, without its password', async () => {
  const port = await freePort();
  const { code, failures } = await checked({
    env: { DATABASE_URL: `postgres://me:hunter2@127.0.0.1:${port}/w` },
  });
  expect(code).toBe(1);
  expect(failures).toEqual([
    expect.stringMatching(
      `^FAIL  database: Postgres 127.0.0.1:${port}/w: .*ECONNREFUSED; check DATABASE_URL`,
    ),
  ]);
  expect(failures.join()).not.toContain('hunter2');
});

test('a database without the operator’s tables has another finding than one that is away', async () => {
  const empty = await createTestDatabase();
  const { code, failures } = await checked({ env: { DATABASE_URL: empty.url } });
  await empty.release();
  expect(code).toBe(1);
  expect(failures).toEqual([
    expect.stringMatching(/ \d migrations are missing: 0001_.*; a gateway runs them/),
  ]);
});

test('each right that is missing is named', async () => {
  const role = await scene.kube.get<KubeObject & { rules: { resources: string[] }[] }>(
    ROLES,
    'workspace-operator',
  );
  const rules = role.rules.filter(({ resources }) => !resources.includes('events'));
  await scene.kube.replace(ROLES, { ...role, rules } as KubeObject);
  const { code, failures } = await checked();
  const changed = await scene.kube.get<KubeObject>(ROLES, 'workspace-operator');
  await scene.kube.replace(ROLES, { ...changed, rules: role.rules } as KubeObject);
  expect(code).toBe(1);
  expect(failures).toEqual([
    expect.stringMatching(
      /^FAIL {2}rights: what the controller may do: it may not: create events.events.k8s.io, patch events.events.k8s.io; grant it/,
    ),
  ]);
});

test('a namespace with Workspaces whose Secrets the gateway may not read is named', async () => {
  await scene.kube.create(
    { group: '', version: 'v1', plural: 'namespaces', namespaced: false },
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-b' } },
  );
  await putSecret(scene, 'ada-env', { KEY: 'a' });
  await createWorkspace(scene, 'ada');
  expect((await checked({ part: 'gateway' })).code).toBe(0);
  await scene.kube.create(
    { group: 'compute.molecule.ai', version: 'v1alpha1', plural: 'workspaces', namespaced: true },
    {
      apiVersion: 'compute.molecule.ai/v1alpha1',
      kind: 'Workspace',
      metadata: { name: 'bob' },
      spec: { className: 'standard' },
    },
    'team-b',
  );
  const { code, failures } = await checked({ part: 'gateway' });
  expect(code).toBe(1);
  expect(failures).toEqual([expect.stringMatching(/Workspaces in team-b, .*; add each to tenantNamespaces/)]);
});

test('definitions of an older release are named with the fields that they lack', async () => {
  const name = 'workspaces.compute.molecule.ai';
  const definition = await scene.kube.get<KubeObject & { spec: unknown }>(DEFINITIONS, name);
  const older = JSON.parse(JSON.stringify(definition));
  const { spec } = older.spec.versions[0].schema.openAPIV3Schema.properties;
  delete spec.properties.env;
  await scene.kube.replace(DEFINITIONS, older);
  const { code, failures } = await checked();
  expect(code).toBe(1);
  expect(failures).toEqual([
    expect.stringMatching(
      new RegExp(`definitions: CustomResourceDefinition ${name}: .* lacks 1 fields: spec.env; upgrade`),
    ),
  ]);
  const changed = await scene.kube.get<KubeObject>(DEFINITIONS, name);
  await scene.kube.replace(DEFINITIONS, { ...changed, spec: definition.spec } as KubeObject);
  expect((await checked()).code).toBe(0);
});

test('the certificate is for the host of the URL, not for the address where the check finds the gateway', async () => {
  const { port } = new URL(scene.stack.gatewayURL);
  const door = await createDoorAt({ host: '127.0.0.2', port: 0 }, Number(port));
  await door.open();
  try {
    const { lines } = await checked({ part: 'gateway', connectTo: `127.0.0.2:${door.port}` });
    expect(lines.join('\n')).toMatch(/^ok {4}gateway: the gateway at 127\.0\.0\.2:/m);
  } finally {
    await door.shut();
  }
});

test('a certificate of another CA, for another host, near its end or past it has a finding of its own', async () => {
  const { certPEM, caPEM } = await createServerCertificate();
  const other = join(scene.stack.folder, 'other-ca.pem');
  await writeFile(other, caPEM);
  expect(certPEM).toContain('BEGIN CERTIFICATE');
  const failureOf = async (given: Given) => {
    const { code, failures } = await checked({ part: 'gateway', ...given });
    expect(code).toBe(1);
    return failures.filter((line) => line.startsWith('FAIL  gateway')).join();
  };
  const DAY_MS = 86_400_000;
  const endsMs = Date.parse('2049-12-31T00:00:00Z') - systemClock.now();
  const url = new URL(scene.stack.gatewayURL);
  const connectTo = url.host;
  expect(await failureOf({ env: { WORKSPACE_GATEWAY_CA_FILE: other } })).toMatch(
    /instances would not trust its certificate \(.*\); put its CA into gateway.ca/,
  );
  expect(await failureOf({ connectTo, env: { WORKSPACE_GATEWAY_URL: 'https://gateway.example' } })).toMatch(
    /certificate is for .*localhost.*, not for gateway.example; make one/,
  );
  expect(await failureOf({ aheadMs: endsMs - 3 * DAY_MS })).toMatch(/expires in \d days, at 2049-12-31/);
  expect(await failureOf({ aheadMs: endsMs + DAY_MS })).toMatch(/expired at 2049-12-31.*; renew it/);
  expect(
    await failureOf({ env: { WORKSPACE_GATEWAY_URL: `https://127.0.0.1:${await freePort()}` } }),
  ).toMatch(/no TLS connection \(ECONNREFUSED\); check that gateways are ready/);
});

test('EC2 that is away and EC2 that refuses have a next step each', async () => {
  const away = await checked({ env: { AWS_ENDPOINT_URL_EC2: `http://127.0.0.1:${await freePort()}` } });
  expect(away.failures).toEqual([
    expect.stringMatching(/^FAIL {2}aws: EC2 in eu-central-1: .*\(ECONNREFUSED\); check aws.region, /),
  ]);
  const rule = scene.stack.ec2.faults.add({
    action: 'DescribeInstances',
    fault: { kind: 'error', code: 'UnauthorizedOperation' },
    times: Number.POSITIVE_INFINITY,
  });
  const refuses = await checked();
  scene.stack.ec2.faults.remove(rule);
  expect(refuses.failures).toEqual([
    expect.stringMatching(/\(UnauthorizedOperation\); attach the policy of deploy\/iam\/controller.yaml/),
  ]);
});

test('a setting that is missing ends it with its name before anything is looked at', () => {
  expect(() => parseCommandLine(['check', 'controller'], {})).toThrow(/DATABASE_URL/);
  expect(() => parseCommandLine(['check', 'doctor'], scene.stack.operatorEnv)).toThrow(/doctor/);
});

test.each([
  ['rbac-split.yaml', undefined],
  ['rbac-namespaces.yaml', 'default'],
])(
  'the rights that are asked for are those of deploy/%s, all of them and no others',
  async (file, watched) => {
    const namespace = 'workspace-system';
    const grants = await grantsIn(join(DEPLOY, file));
    // The check asks about each namespace that has Workspaces.
    const environments: Right = { group: '', resource: 'secrets', verb: 'get' };
    const asked = [...CONTROLLER_RIGHTS, ...GATEWAY_RIGHTS, environments].map(
      ({ where, ...right }): Grant => ({
        ...right,
        namespace: where === 'own' ? namespace : where === 'cluster' ? undefined : watched,
      }),
    );
    const covers = (grant: Grant, right: Grant) =>
      (['group', 'resource', 'verb'] as const).every((key) => grant[key] === right[key]) &&
      (grant.namespace === undefined || grant.namespace === right.namespace) &&
      (grant.name === undefined || grant.name === right.name);
    expect(asked.filter((right) => !grants.some((grant) => covers(grant, right)))).toEqual([]);
    expect(grants.filter((grant) => !asked.some((right) => covers(grant, right)))).toEqual([]);
  },
);
