import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { writeFiles } from '../../src/plugin/bundle/archive.ts';
import { collect } from '../../src/plugin/bundle/collect.ts';
import { createCanary, findCanary } from '../support/base/canary.ts';
import { createVirtualClock } from '../support/base/virtualClock.ts';
import {
  type Answer,
  deployment,
  klass,
  NAMESPACE,
  playKubectl,
  pod,
  refuse,
  wellAnswers,
} from './playedKubectl.ts';

const PLACES = [
  'variable of a Workspace',
  'variable of a pod',
  'argument',
  'annotation',
  'last-applied annotation',
  'log line',
  'event',
  'condition',
  'console text',
  'base64',
  'URL-encoded',
  'JSON-escaped',
  'key of a certificate',
  'ConfigMap',
  'metric',
  'earlier log',
] as const;
type Place = (typeof PLACES)[number];

const pem = (body: string) => `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----`;

/** A cluster with a value of its own in each place. */
function planted(values: Readonly<Record<Place, string>>, changed: Record<string, Answer> = {}) {
  const say = (place: Place) => values[place];
  const annotations = {
    'team.example/note': say('annotation'),
    'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({
      spec: { env: [{ value: say('last-applied annotation') }] },
    }),
  };
  const workspace = {
    apiVersion: 'compute.molecule.ai/v1alpha1',
    kind: 'Workspace',
    metadata: { name: 'ada', namespace: 'team', annotations, managedFields: [{ manager: 'x' }] },
    spec: { className: 'standard', env: [{ name: 'HOME_PAGE', value: say('variable of a Workspace') }] },
    status: {
      conditions: [
        {
          type: 'Ready',
          status: 'False',
          reason: 'StartupTimeout',
          message: `it printed ${say('condition')} twice`,
        },
      ],
      history: [{ number: 1, message: `console: login ${say('console text')}` }],
    },
  };
  const own = deployment('controller') as {
    spec: { template: { spec: { containers: { env: object[]; args: string[] }[] } } };
  };
  const [container] = own.spec.template.spec.containers;
  container?.env.push({ name: 'DATABASE_URL', value: say('variable of a pod') });
  container?.args.push(`--database-url=${say('argument')}`);
  const log = [
    `{"level":"info","msg":"connected with ${say('log line')}"}`,
    `body ${Buffer.from(`x${say('base64')}y`).toString('base64')}`,
    `GET /?q=${encodeURIComponent(say('URL-encoded'))}`,
    JSON.stringify({ body: JSON.stringify({ value: say('JSON-escaped') }) }),
    pem(say('key of a certificate')),
  ].join('\n');
  const restarted = pod('gateway', {
    status: { containerStatuses: [{ name: 'gateway', ready: true, restartCount: 1 }] },
  });
  const event = {
    regarding: { apiVersion: 'compute.molecule.ai/v1alpha1' },
    reason: 'Restarting',
    note: `because of ${say('event')}`,
  };
  const secrets = {
    items: [
      {
        data: Object.fromEntries(
          PLACES.map((place, at) => [`k${at}`, Buffer.from(say(place)).toString('base64')]),
        ),
      },
    ],
  };
  return playKubectl({
    ...wellAnswers(createVirtualClock().now),
    'get workspaces.compute.molecule.ai': { items: [workspace] },
    'get workspaceclasses.compute.molecule.ai': { items: [klass()] },
    'get deployments.apps': { items: [own, deployment('gateway')] },
    'get pods': { items: [pod('controller'), restarted] },
    'get leases.coordination.k8s.io': {
      items: [{ metadata: { name: 'workspace-operator', namespace: NAMESPACE } }],
    },
    'get configmaps': { items: [{ metadata: { name: 'gateway-ca' }, data: { 'ca.crt': say('ConfigMap') } }] },
    'get events.events.k8s.io': { items: [event, { regarding: { apiVersion: 'v1' }, note: 'of others' }] },
    'get secrets': secrets,
    logs: (args) => (args.includes('--previous') ? `at ${say('earlier log')}` : log),
    'get --raw /api/v1/namespaces': `workspace_build_info{version="0.1.0",commit="0123456789abcdef0123456789abcdef01234567"} 1\nx{y="${say('metric')}"} 1\n`,
    ...changed,
  });
}

async function collected(
  values: Readonly<Record<Place, string>>,
  changed: Record<string, Answer> = {},
  readSecrets = true,
) {
  const kubectl = planted(values, changed);
  const bundle = await collect({
    kubectl,
    namespace: undefined,
    operatorNamespace: undefined,
    readSecrets,
    lines: 100,
    versions: { plugin: '0.1.0' },
    onStep: () => undefined,
  });
  return {
    ...bundle,
    kubectl,
    whole: JSON.stringify(bundle),
    texts: bundle.files.map(({ text }) => text).join('\n'),
  };
}

const each = (make: (place: Place) => string) =>
  Object.fromEntries(PLACES.map((place) => [place, make(place)])) as Record<Place, string>;

describe('what is secret is not in the bundle', () => {
  const FORBIDDEN = refuse('Error from server (Forbidden): secrets is forbidden');

  test('wherever it was planted, in any encoding, and what helps still is', async () => {
    const values = each(() => createCanary());
    const { whole, texts, leftOut, files } = await collected(values);
    for (const place of PLACES) {
      expect(findCanary(values[place], whole), place).toEqual([]);
      expect(findCanary(values[place], texts), place).toEqual([]);
    }
    expect(leftOut).toEqual([]);
    expect(files.map(({ path }) => path)).toEqual([
      'workspaces.json',
      'classes.json',
      'events.json',
      'operator/deployments.json',
      'operator/leases.json',
      'operator/configmaps.json',
      'operator/pods.json',
      'operator/logs/workspace-operator-controller-1.log',
      'operator/metrics/workspace-operator-controller-1.txt',
      'operator/logs/workspace-operator-gateway-1.log',
      'operator/logs/workspace-operator-gateway-1.previous.log',
      'operator/metrics/workspace-operator-gateway-1.txt',
      'versions.json',
    ]);
    for (const word of [
      'StartupTimeout',
      'it printed',
      'connected with',
      'HOME_PAGE',
      'team.example/note',
      'about Launchable',
      'https://gateway.example:8443',
      'commit=\\"0123456789abcdef',
    ])
      expect(whole).toContain(word);
    expect(texts).not.toMatch(/managedFields|last-applied|of others/);
  });

  test.each([
    ['of words, as people choose them', (place: Place) => `${place.replaceAll(/[^a-z]/gi, '')}-horse-staple`],
    [
      'of characters that encodings change',
      (place: Place) => `${place.slice(0, 6)}"\\ü&?/%=+${place.length}x`,
    ],
    ['that is short', (place: Place) => `q${PLACES.indexOf(place)}zjvk`.slice(0, 7)],
  ])('also one %s, where Secrets may be read', async (_what, make) => {
    const values = each(make);
    const { texts, leftOut } = await collected(values);
    expect(leftOut).toEqual([]);
    for (const place of PLACES) {
      const value = values[place];
      const forms = [
        value,
        JSON.stringify(value).slice(1, -1),
        encodeURIComponent(value),
        Buffer.from(value).toString('base64'),
      ];
      for (const form of forms) expect(texts.includes(form), `${place}: ${form}`).toBe(false);
    }
  });

  test('what looks like a credential is taken out also where no Secret may be read, and that is said', async () => {
    const values = each(() => createCanary());
    const withName: typeof values = {
      ...values,
      'log line': `password=${values['log line']}`,
      condition: `Bearer ${values.condition}`,
    };
    for (const [changed, read] of [
      [{ 'get secrets': FORBIDDEN }, true],
      [{}, false],
    ] as const) {
      const { texts, leftOut, kubectl } = await collected(withName, changed, read);
      for (const place of PLACES) expect(findCanary(values[place], texts), place).toEqual([]);
      expect(leftOut.map(({ what, why }) => `${what}: ${why}`).join()).toMatch(
        /a search for the values of Secrets.*Read the files before you send them/,
      );
      expect(kubectl.calls.some((line) => line.startsWith('get secrets'))).toBe(read);
    }
  });
});

test.each([
  ['get workspaces.compute.molecule.ai', 'Workspaces'],
  ['get deployments.apps', 'Deployments of the operator'],
  ['logs', 'log of workspace-operator-controller-1'],
  ['get --raw /api/v1/namespaces', 'metrics of workspace-operator-controller-1'],
  ['get events.events.k8s.io', 'events (all-namespaces)'],
])(
  'what the caller may not read is left out with the reason, and the rest is there: %s',
  async (start, what) => {
    const { leftOut, files } = await collected(
      each(() => createCanary()),
      { [start]: refuse('Error from server (Forbidden): no') },
    );
    expect(leftOut).toContainEqual({ what, why: 'Error from server (Forbidden): no' });
    expect(files.map(({ path }) => path)).toContain('classes.json');
  },
);

test('an archive unpacks with tar to what a folder holds, for the owner alone, and nothing is overwritten', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bundle-'));
  try {
    const files = [
      { path: 'INDEX.txt', content: Buffer.from('a') },
      { path: 'operator/logs/x.log', content: Buffer.alloc(1_500, 'b') },
      { path: 'empty.json', content: Buffer.alloc(0) },
    ];
    await writeFiles(join(folder, 'plain'), files);
    await writeFiles(join(folder, 'b.tar.gz'), files);
    await promisify(execFile)('tar', ['-xzf', 'b.tar.gz', '--one-top-level=unpacked'], { cwd: folder });
    for (const { path, content } of files) {
      for (const place of ['plain', 'unpacked']) {
        expect(await readFile(join(folder, place, path))).toEqual(content);
        expect((await stat(join(folder, place, path))).mode & 0o077).toBe(0);
      }
    }
    await expect(writeFiles(join(folder, 'b.tar.gz'), files)).rejects.toThrow('EEXIST');
    await expect(writeFiles(join(folder, 'plain'), files)).rejects.toThrow('EEXIST');
    expect(await readdir(folder)).toHaveLength(3);
  } finally {
    await rm(folder, { recursive: true });
  }
});
