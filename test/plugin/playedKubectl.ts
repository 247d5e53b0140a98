import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLASS_ASPECT_TYPES } from '../../src/api/reasons/classReasons.ts';
import { iso, type WallMs } from '../../src/controller/lib/time.ts';
import { type Ended, type Kubectl, kubectlBy } from '../../src/plugin/base/kubectl.ts';

export const IDENTITY = join(
  import.meta.dirname,
  '..',
  '..',
  'deploy',
  'chart',
  'files',
  'identity',
  'eu-central-1.pem',
);
export const NAMESPACE = 'workspace-system';

export type Answer =
  | string
  | object
  | ((args: readonly string[], input: string | undefined) => string | object);
/** Thrown by an answer: kubectl ends with 1 and these words, after it printed what there is. */
class Refusal extends Error {
  readonly printed: string;
  constructor(words: string, printed: string) {
    super(words);
    this.printed = printed;
  }
}

export const refuse =
  (words: string, printed = '') =>
  (): never => {
    throw new Refusal(words, printed);
  };

const labels = (component: string) => ({
  'app.kubernetes.io/name': 'workspace-operator',
  'app.kubernetes.io/component': component,
});

export function deployment(part: string, more: object = {}): Record<string, unknown> {
  const metadata = { name: `workspace-operator-${part}`, namespace: NAMESPACE, labels: labels(part) };
  const env = [{ name: 'WORKSPACE_GATEWAY_URL', value: 'https://gateway.example:8443' }];
  const volumes = [
    { name: 'tmp', emptyDir: {} },
    { name: 'ca', configMap: { name: 'gateway-ca' } },
    { name: 'identity', configMap: { name: 'ec2-identity' } },
  ];
  const containers = [
    { name: part, image: 'registry/operator:1', args: [part], env, ports: [{ containerPort: 8080 }] },
  ];
  const template = {
    metadata: { labels: labels(part) },
    spec: { serviceAccountName: part, containers, volumes },
  };
  return {
    metadata,
    spec: { replicas: 2, template },
    status: { readyReplicas: 2, updatedReplicas: 2 },
    ...more,
  };
}

export function pod(part: string, more: object = {}): Record<string, unknown> {
  return {
    metadata: { name: `workspace-operator-${part}-1`, namespace: NAMESPACE, labels: labels(part) },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
    ...more,
  };
}

export const finding = (check: string, says = 'well') =>
  JSON.stringify({ check, object: `the ${check}`, says });
export const fault = (check: string) =>
  JSON.stringify({ check, object: `the ${check}`, cause: `no ${check}`, next: `fix ${check}` });
const findings = (part: string) =>
  ['kubernetes', 'definitions', 'rights', 'database', part === 'gateway' ? 'gateway' : 'aws'].map((it) =>
    finding(it),
  );

export function klass(conditions: Record<string, { status: string; reason: string }> = {}): object {
  const all = CLASS_ASPECT_TYPES.map((type) => ({
    type,
    status: 'True',
    reason: type,
    message: `about ${type}`,
  }));
  return {
    metadata: { name: 'standard', generation: 1 },
    status: {
      observedGeneration: 1,
      conditions: all.map((it) => ({ ...it, ...conditions[it.type] })),
    },
  };
}

/** Answers of a cluster in which all is well, by how kubectl's arguments begin. */
export function wellAnswers(now: () => WallMs): Record<string, Answer> {
  const certificate = readFileSync(IDENTITY, 'utf8');
  return {
    version: { serverVersion: { gitVersion: 'v1.34.1' }, clientVersion: { gitVersion: 'v1.34.1' } },
    'get --raw /apis/compute.molecule.ai/v1alpha1': {
      resources: [{ name: 'workspaces' }, { name: 'workspaceclasses' }],
    },
    'get deployments.apps': { items: [deployment('controller'), deployment('gateway')] },
    'get pods': { items: [pod('controller'), pod('gateway')] },
    'get leases.coordination.k8s.io': () => ({
      spec: { holderIdentity: 'a_1', renewTime: iso(now()), leaseDurationSeconds: 15 },
    }),
    'create --filename=- --output=jsonpath': (_args, input) => {
      const { items } = JSON.parse(input ?? '') as { items: object[] };
      return items.map(() => 'true\n').join('');
    },
    'exec workspace-operator-controller-1': findings('controller').join('\n'),
    'exec workspace-operator-gateway-1': findings('gateway').join('\n'),
    'get configmap gateway-ca': { data: { 'ca.crt': certificate } },
    'get configmap ec2-identity': { data: { 'certificates.pem': certificate } },
    'get workspaceclasses.compute.molecule.ai': { items: [klass()] },
  };
}

/** A kubectl that plays the cluster of these answers, and refuses all else. */
export function playKubectl(answers: Readonly<Record<string, Answer>>): Kubectl & { calls: string[] } {
  const calls: string[] = [];
  const run = async (args: readonly string[], input?: string): Promise<Ended> => {
    const line = args.join(' ');
    calls.push(line);
    const [, answer] = Object.entries(answers)
      .filter(([start]) => line.startsWith(start))
      .sort(([a], [b]) => b.length - a.length)[0] ?? ['', refuse(`no answer is played to: ${line}`)];
    try {
      const said = typeof answer === 'function' ? answer(args, input) : answer;
      return { code: 0, stdout: typeof said === 'string' ? said : JSON.stringify(said), stderr: '' };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { code: 1, stdout: error.printed, stderr: `${error.message}\n` };
    }
  };
  return { ...kubectlBy(run), calls };
}
