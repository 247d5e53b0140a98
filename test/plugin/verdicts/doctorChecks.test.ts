import { expect, test } from 'vitest';
import { failed as broken } from '../../../src/doctor/finding.ts';
import { doctorView, type Result } from '../../../src/plugin/doctor/result.ts';
import { type Answer, deployment, fault, finding, klass, pod, refuse } from '../playedKubectl.ts';
import { examined } from './examined.ts';

const FORBIDDEN = refuse('Error from server (Forbidden): x is forbidden: User "ada" cannot do that');

test('where all is well each check says so, and what was seen from where', async () => {
  const { results, ill } = await examined();
  expect(ill).toEqual([]);
  expect(doctorView(results).counts).toEqual({ ok: results.length, failed: 0, unknown: 0 });
  const seen = new Set(results.map(({ check, from }) => `${check} from ${from}`));
  for (const it of [
    'cluster from kubectl',
    'definitions from kubectl',
    'rights from controller',
    'aws from controller',
    'database from controller',
    'database from gateway',
    'gateway from gateway',
    'gateway from outside',
    'certificates from kubectl',
    'aws from kubectl',
    'operator from kubectl',
  ])
    expect(seen).toContain(it);
});

const older = { serverVersion: { gitVersion: 'v1.29.3' } };
const expired = refuse('Error from server (NotFound): configmaps "gateway-ca" not found');
const crash = pod('controller', {
  status: {
    phase: 'Running',
    containerStatuses: [
      {
        name: 'controller',
        ready: false,
        restartCount: 7,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
      },
    ],
  },
});
const down = { items: [deployment('controller', { status: { readyReplicas: 1 } }), deployment('gateway')] };
const stale = (holderIdentity: string) => ({
  spec: { holderIdentity, renewTime: '2026-11-26T00:00:00Z', leaseDurationSeconds: 15 },
});
const launchable = { Launchable: { status: 'False', reason: 'QuotaExceeded' } };
const inside = (part: string, check: string): Record<string, Answer> => ({
  [`exec workspace-operator-${part}-1`]: [fault(check), finding('kubernetes')].join('\n'),
});

test.each<[string, Record<string, Answer>, Partial<Result>]>([
  [
    'an old cluster',
    { version: older },
    { check: 'cluster', says: expect.stringContaining('v1.29.3'), next: 'upgrade the cluster' },
  ],
  [
    'no definitions',
    {
      'get --raw /apis/compute.molecule.ai/v1alpha1': refuse(
        'Error from server (NotFound): the server could not find',
      ),
    },
    { check: 'definitions', says: 'they are not served', next: expect.stringContaining('crds.install=true') },
  ],
  [
    'one definition',
    { 'get --raw /apis/compute.molecule.ai/v1alpha1': { resources: [{ name: 'workspaces' }] } },
    { check: 'definitions', says: 'workspaceclasses is not served' },
  ],
  [
    'fields of an older release',
    inside('controller', 'definitions'),
    { check: 'definitions', from: 'controller', says: 'no definitions' },
  ],
  [
    'rights',
    inside('gateway', 'rights'),
    { check: 'rights', from: 'gateway', says: 'no rights', next: 'fix rights' },
  ],
  [
    'Postgres',
    inside('controller', 'database'),
    { check: 'database', from: 'controller', says: 'no database' },
  ],
  ['AWS', inside('controller', 'aws'), { check: 'aws', from: 'controller', says: 'no aws' }],
  [
    'the gateway from inside',
    inside('gateway', 'gateway'),
    { check: 'gateway', from: 'gateway', says: 'no gateway' },
  ],
  [
    'launches',
    { 'get workspaceclasses.compute.molecule.ai': { items: [klass(launchable)] } },
    {
      check: 'aws',
      object: 'class standard',
      says: expect.stringContaining('about Launchable'),
      next: expect.stringContaining('kubectl describe wksc standard'),
    },
  ],
  [
    'a controller that crashes',
    { 'get deployments.apps': down, 'get pods': { items: [pod('controller'), crash, pod('gateway')] } },
    {
      check: 'operator',
      says: expect.stringMatching(/1 of 2 are ready.*CrashLoopBackOff, restarted 7 times/),
      next: expect.stringContaining('kubectl logs workspace-operator-controller-1'),
    },
  ],
  [
    'none that is asked for',
    {
      'get deployments.apps': {
        items: [
          deployment('controller'),
          deployment('gateway', { spec: { ...(deployment('gateway').spec as object), replicas: 0 } }),
        ],
      },
    },
    {
      check: 'operator',
      says: 'none is asked for (replicas: 0)',
      next: expect.stringContaining('kubectl scale'),
    },
  ],
  [
    'a leader that is dead',
    { 'get leases.coordination.k8s.io': stale('a_1') },
    { check: 'operator', says: expect.stringContaining('a_1 has not renewed it since') },
  ],
  [
    'no leader',
    { 'get leases.coordination.k8s.io': stale('') },
    { check: 'operator', says: 'no controller holds it' },
  ],
  [
    'the CA of the gateway',
    { 'get configmap gateway-ca': expired },
    { check: 'certificates', says: 'there is no such ConfigMap' },
  ],
  [
    'certificates that are none',
    { 'get configmap ec2-identity': { data: { a: 'b' } } },
    { check: 'certificates', says: expect.stringContaining('no certificate') },
  ],
])(
  'a planted fault is the one finding, with its cause and the next step: %s',
  async (_what, changed, found) => {
    const { ill } = await examined(changed);
    expect(ill).toEqual([
      expect.objectContaining({ verdict: 'failed', next: expect.stringMatching(/./), ...found }),
    ]);
  },
);

test('certificates near their end are found before they stop anything', async () => {
  const { ill } = await examined({}, {}, '2199-12-31T00:00:00Z');
  expect(ill.map(({ check, says }) => `${check} ${says}`)).toEqual([
    'certificates it expired',
    'certificates it expired',
  ]);
});

test('the gateway from outside: a wrong certificate has failed; no way to it from here is unknown, never well', async () => {
  const seen = async (cause: string) => (await examined({}, broken('gateway', 'x', cause, 'next'))).ill;
  expect(await seen('its certificate expired at 2026')).toEqual([
    expect.objectContaining({
      check: 'gateway',
      from: 'outside',
      verdict: 'failed',
      object: 'the gateway at https://gateway.example:8443',
    }),
  ]);
  expect(await seen('no TLS connection (ECONNREFUSED)')).toEqual([
    expect.objectContaining({ verdict: 'failed' }),
  ]);
  for (const code of ['ENOTFOUND', 'TIMEOUT'])
    expect(await seen(`no TLS connection (${code})`)).toEqual([
      expect.objectContaining({
        verdict: 'unknown',
        says: expect.stringContaining('no way to it from this machine'),
      }),
    ]);
});

test('a clock that is wrong by a day names no dead leader while the lease is renewed', async () => {
  let looks = 0;
  const renewed = () => {
    looks += 1;
    return {
      spec: { holderIdentity: 'a_1', renewTime: `2026-11-25T00:00:${10 + looks}Z`, leaseDurationSeconds: 15 },
    };
  };
  expect((await examined({ 'get leases.coordination.k8s.io': renewed })).ill).toEqual([]);
});

test.each<[string, Record<string, Answer>, string[]]>([
  ['version', { version: refuse('Unable to connect to the server') }, ['cluster failed', 'doctor unknown']],
  ['deployments', { 'get deployments.apps': FORBIDDEN }, ['operator unknown', 'doctor unknown']],
  ['leases', { 'get leases.coordination.k8s.io': FORBIDDEN }, ['operator unknown']],
  ['configmaps', { 'get configmap ec2-identity': FORBIDDEN }, ['certificates unknown']],
  ['classes', { 'get workspaceclasses.compute.molecule.ai': FORBIDDEN }, ['aws unknown']],
  [
    'classes that no operator saw',
    { 'get workspaceclasses.compute.molecule.ai': { items: [{ metadata: { name: 'c', generation: 1 } }] } },
    ['aws unknown'],
  ],
  ['no class', { 'get workspaceclasses.compute.molecule.ai': { items: [] } }, ['aws unknown']],
  ['exec', { 'exec workspace-operator-gateway-1': FORBIDDEN }, ['inside unknown']],
  ['pods', { 'get pods': FORBIDDEN }, ['operator unknown', 'inside unknown', 'inside unknown']],
  ['rights', { 'create --filename=- --output=jsonpath': 'false\n' }, ['rights unknown']],
])('what can’t be looked at says why, and is never called well: %s', async (_what, changed, expected) => {
  const { ill } = await examined(changed);
  expect(ill.map(({ check, verdict }) => `${check} ${verdict}`)).toEqual(expected);
  for (const { says, next } of ill) expect(`${says} ${next}`).not.toMatch(/undefined|^\s/);
});

test('who may not exec and may create Jobs gets the same findings by a Job, which is deleted', async () => {
  let job:
    | {
        metadata: { name: string };
        spec: { template: { metadata: { labels: object }; spec: { containers: object[] } } };
      }
    | undefined;
  const { results, ill, calls } = await examined({
    'exec workspace-operator-controller-1': FORBIDDEN,
    'create --filename=- --namespace': (_args, input) => {
      job = JSON.parse(input ?? '');
      return '';
    },
    'get job': { status: { failed: 1 } },
    'logs job/': fault('aws'),
    'delete job': '',
  });
  expect(ill).toEqual([expect.objectContaining({ check: 'aws', from: 'controller', says: 'no aws' })]);
  expect(results.length).toBeGreaterThan(8);
  // Its Service must not send instances to it.
  expect(job?.spec.template.metadata.labels).toMatchObject({ 'app.kubernetes.io/component': 'check' });
  expect(job?.spec.template.spec.containers).toEqual([
    expect.objectContaining({
      args: ['check', 'controller', '--output', 'json'],
      image: 'registry/operator:1',
    }),
  ]);
  expect(job?.spec.template.spec.containers[0]).not.toHaveProperty('ports');
  expect(calls.filter((line) => line.startsWith('delete job workspace-doctor-controller-abc'))).toHaveLength(
    1,
  );
});
