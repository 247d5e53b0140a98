import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { playJob } from '../chart/playedJob.ts';
import { ROLE_ARN } from './awsAnswers.ts';
import { type Page, pagesOfInstall } from './blocks.ts';
import { createReader, type Reader } from './reader.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const NAMESPACE = 'workspace-system';
/** The AWS CLI is installed where it is not at hand. */
const LONGEST_START_MS = 600_000;
const pages = (await pagesOfInstall()).filter(({ commands }) => commands.length > 0);

/** The pages in the order in which readers come to them; each list is a cluster. `upgrade` and `uninstall` end what `chart` began. */
const STORIES = [
  [
    'chart',
    'checks',
    'compatibility',
    'database',
    'tenants',
    'namespaces',
    'production',
    'backup',
    'argocd',
    'upgrade',
    'uninstall',
  ],
  ['iam', 'events', 'eks'],
  ['air-gap'],
];

/** Those that have Workspaces. */
const TEAMS = 'kubectl create namespace team-a; kubectl create namespace team-b';
/** What a page takes for granted, in the shell of its reader. */
const BEFORE: Readonly<Record<string, string>> = {
  chart: TEAMS,
  tenants: 'kubectl apply -f deploy/examples',
  // As the operator makes them.
  backup: `for name in workspace-operator-keys workspace-operator-launch-keys; do kubectl -n ${NAMESPACE} create secret generic $name; done
    kubectl -n ${NAMESPACE} create configmap workspace-operator-cluster`,
  argocd: 'kubectl create namespace argocd; kubectl -n argocd create configmap argocd-cm',
  eks: `${TEAMS}; cp deploy/examples/class.yaml class.yaml; echo bundle > eu-central-1-bundle.pem`,
  'air-gap': `${TEAMS}; kubectl create namespace ${NAMESPACE}`,
};
/** Before each further block of a page. */
const BETWEEN: Readonly<Record<string, string>> = {
  // cert-manager's, once there is the Certificate.
  eks: `kubectl -n ${NAMESPACE} get secret workspace-gateway-tls || kubectl -n ${NAMESPACE} create secret generic workspace-gateway-tls --from-literal=ca.crt=any`,
  // A release of two revisions, as after a change.
  uninstall: `for again in 1 2; do helm upgrade --install workspace-operator deploy/chart -n ${NAMESPACE} --create-namespace --values values.yaml; done`,
};
/** Commands within sentences that are not run here, and why. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'helm install --wait': 'names the command alone',
  'helm upgrade --install': 'names the command alone',
  'helm uninstall --no-hooks': 'names the flag; test/install/node/parts/install.ts runs it',
  'kubectl create token': 'names the command alone; dev/stack/poller.ts asks for such a token',
  [`kubectl -n ${NAMESPACE} logs job/workspace-operator-uninstall`]:
    'needs a kubelet: test/install/node/parts/uninstall.ts',
};
const VARIABLES = {
  VPC: 'vpc-0123456789abcdef0',
  CLUSTER: 'main',
  DATABASE_URL: 'postgres://operator@db.example:5432/workspaces?sslmode=verify-full',
  ROLE: ROLE_ARN,
};

/** The page's own values, with its placeholders filled in; else those of `chart`. */
function valuesOf({ yaml }: Page): string | undefined {
  const text = yaml.find((block) => /^image: /m.test(block));
  return text?.replaceAll('REGISTRY', 'registry.example').replace('sha256:…', `sha256:${'a'.repeat(64)}`);
}

/** Of each stack that was asked for: the parameters that were given a value that is not empty, and those that its template needs. */
function stacksAskedFor({ aws }: Reader) {
  return aws.asked
    .filter(({ action }) => action === 'CreateChangeSet')
    .map(({ parameters }) => {
      const given = Object.entries(parameters).flatMap(([key, value]) =>
        key.endsWith('.ParameterKey') && parameters[key.replace(/Key$/, 'Value')] ? value : [],
      );
      const { Parameters: all = {} } = parse(parameters.TemplateBody ?? '', { logLevel: 'silent' });
      const needed = Object.entries(all as Record<string, object>).filter(([, it]) => !('Default' in it));
      return { given, needed: needed.map(([name]) => name) };
    });
}

/** The parameters that a page gives to stacks; the AWS CLI leaves out those that a template doesn't know. */
function overridesIn({ commands }: Page): string[] {
  const lines = commands.join('').replaceAll(/\\\n/g, ' ').split('\n');
  const given = lines.flatMap((line) => line.split('--parameter-overrides')[1] ?? []);
  return given.flatMap((text) => [...text.matchAll(/(?<=\s)([A-Z]\w+)=/g)].map(([, name = '']) => name));
}

test('each page with commands is read by a story', () => {
  expect(pages.map(({ name }) => name)).toEqual(STORIES.flat().sort());
});

test('what is not run is in some page', () => {
  const inline = pages.flatMap((page) => page.inline);
  expect(Object.keys(ELSEWHERE).filter((command) => !inline.includes(command))).toEqual([]);
});

describe.each(STORIES.map((names) => [names.join(', '), names] as const))(
  'a reader of %s',
  (_title, names) => {
    let reader: Reader;
    beforeAll(async () => {
      reader = await createReader();
      // For what gives no values of its own.
      const [first] = pages.flatMap((page) => (page.name === 'chart' ? valuesOf(page) : undefined) ?? []);
      await reader.write('values.yaml', first ?? '');
    }, LONGEST_START_MS);
    afterAll(() => reader?.close());

    test.each(names)('%s: each command does what it says', async (name) => {
      const page = pages.find((it) => it.name === name);
      if (page === undefined) throw new Error(`there is no page ${name}`);
      const values = valuesOf(page);
      if (values !== undefined) await reader.write('values.yaml', values);
      if (BEFORE[name]) await reader.paste(BEFORE[name]);
      for (const [index, commands] of page.commands.entries()) {
        if (index > 0 && BETWEEN[name]) await reader.paste(BETWEEN[name]);
        const uninstalls = commands.match(/^helm uninstall/gm)?.length ?? 0;
        const pasted = reader.paste(commands, VARIABLES);
        const played = (async () => {
          for (let job = 0; job < uninstalls; job += 1) await playJob(reader, 'workspace-operator-uninstall');
        })();
        const [said] = await Promise.all([pasted, played]);
        expect(said).not.toMatch(/\bwarning\b(?!.*PodSecurity)/i);
        if (name === 'production') expect(said).toMatch(/^no$/m);
      }
      for (const command of page.inline.filter((it) => !(it in ELSEWHERE))) await reader.paste(command);
    });

    test('the stacks get what the pages give them, and what their templates need', () => {
      const stacks = stacksAskedFor(reader);
      const overrides = pages.filter(({ name }) => names.includes(name)).flatMap(overridesIn);
      expect(stacks.flatMap(({ given }) => given).sort()).toEqual(overrides.sort());
      for (const { given, needed } of stacks) expect(given).toEqual(expect.arrayContaining(needed));
    });

    test('what is pushed was built, from the Dockerfile and with arguments that it has', async () => {
      const dockerfile = await readFile(join(ROOT, 'deploy', 'Dockerfile'), 'utf8');
      const calls = await reader.calls('docker');
      const built = calls.flatMap(
        (call) => /^build -f deploy\/Dockerfile .*-t (\S+) \.$/.exec(call)?.[1] ?? [],
      );
      const pushed = calls.flatMap((call) => /^push (\S+)$/.exec(call)?.[1] ?? []);
      expect(built.length + pushed.length).toBe(calls.length);
      expect(pushed).toEqual(built);
      for (const [, name] of calls.join('\n').matchAll(/--build-arg (\w+)=/g))
        expect(dockerfile).toMatch(new RegExp(`^ARG ${name}\\b`, 'm'));
    });

    test('what a node shows is `helm test` of the release, with its logs', async () => {
      const calls = new Set(await reader.calls('helm-test'));
      expect([...calls].filter((call) => call !== `test workspace-operator -n ${NAMESPACE} --logs`)).toEqual(
        [],
      );
    });
  },
);
