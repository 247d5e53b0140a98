import { type Clock, sleep } from '../../controller/lib/clock.ts';
import { msBetween } from '../../controller/lib/time.ts';
import { type Finding, hasFailed } from '../../doctor/finding.ts';
import type { Kubectl } from '../base/kubectl.ts';
import { isReady, type Part, partOf, type SeenDeployment } from '../views/operator.ts';
import type { Install } from './install.ts';
import { failed, type Result, resultOf, unknown, type Where } from './result.ts';

/** As the image starts the operator (deploy/Dockerfile). */
const PROGRAM = ['node', '-r', './src/requireNode.cjs', 'src/main.ts'];
const JOB_SECONDS = 120;
/** A Job that this program could not delete goes after as long, s. */
const JOB_KEPT_SECONDS = 300;
const LOOK_MS = 1_000;

export interface InsideOptions {
  kubectl: Kubectl;
  clock: Clock;
  install: Install;
  part: Part;
  /** Makes the Job's name its own. */
  suffix: string;
}

/**
 * What only a pod of the operator's sees: rights, Postgres, AWS, and the gateway from inside. It is the operator's own `check`,
 * run in a pod of the part, or in a Job like it for those who may create Jobs and not exec.
 */
export async function examineInside(options: InsideOptions): Promise<Result[]> {
  const { kubectl, install, part } = options;
  const { namespace, deployments, pods = [] } = install;
  const where = { check: 'inside', from: part, object: `what a ${part} sees` } as const;
  const deployment = deployments[part];
  if (!deployment) return [unknown(where, `there is no Deployment of the ${part}`, 'see operator above')];
  const container = deployment.spec.template.spec.containers[0]?.name ?? part;
  const pod =
    pods.find((it) => partOf(it) === part && isReady(it)) ??
    pods.find((it) => partOf(it) === part && isRunning(it));
  const args = argsOf(part, deployment, namespace);
  if (!pod) {
    const found = await byJob(options, deployment, args);
    return (
      found ?? [
        unknown(
          where,
          `${install.pods ? 'none of its pods runs' : 'its pods could not be listed'}, and you may not create a Job there`,
          HELM_TEST(namespace),
        ),
      ]
    );
  }
  const line = [
    'exec',
    pod.metadata.name,
    `--namespace=${namespace}`,
    `--container=${container}`,
    '--',
    ...PROGRAM,
    ...args,
  ];
  const { code, stdout, stderr } = await kubectl.run(line);
  const found = findingsIn(stdout);
  if (found.length > 0) return judged(where, found, code === 0 ? undefined : stderr.trim());
  if (/forbidden/i.test(stderr)) {
    const byOther = await byJob(options, deployment, args);
    return byOther ?? [unknown(where, stderr.trim(), HELM_TEST(namespace))];
  }
  if (/--output|unknown option/.test(stderr))
    return [unknown(where, 'the operator is of a release that can’t be asked so', HELM_TEST(namespace))];
  return [unknown(where, stderr.trim() || 'it said nothing', HELM_TEST(namespace))];
}

const HELM_TEST = (namespace: string) =>
  `someone who may runs: helm test RELEASE --namespace ${namespace} --logs`;

function isRunning({ status }: { status?: { phase?: string } }): boolean {
  return status?.phase === 'Running';
}

function argsOf(part: Part, deployment: SeenDeployment, namespace: string): string[] {
  const args = ['check', part, '--output', 'json'];
  if (part === 'controller') return args;
  // By its Service, as instances that are inside would.
  return [...args, '--connect-to', `${deployment.metadata.name}.${namespace}.svc:${gatewayPort(deployment)}`];
}

function gatewayPort(deployment: SeenDeployment): string {
  const url = deployment.spec.template.spec.containers[0]?.env?.find(
    ({ name }) => name === 'WORKSPACE_GATEWAY_URL',
  )?.value;
  return (URL.canParse(url ?? '') && new URL(url ?? '').port) || '443';
}

/** Lines that are findings; a program before or around ours may say more. */
function findingsIn(text: string): Finding[] {
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    try {
      const value = JSON.parse(line) as Finding;
      return typeof value.check === 'string' && typeof value.object === 'string' ? [value] : [];
    } catch {
      return [];
    }
  });
}

/**
 * The findings, and where they may not be all, that: a check that ends early, by a lost connection or for want of memory, has
 * printed what went well before.
 * @param cutOff undefined where the program ended as one does that found nothing wrong
 */
function judged(where: Where, found: readonly Finding[], cutOff: string | undefined): Result[] {
  const results = found.map((it) => resultOf(it, where.from));
  if (cutOff === undefined || found.some(hasFailed)) return results;
  const says = `it ended before it had looked at everything${cutOff === '' ? '' : `: ${cutOff}`}`;
  return [...results, unknown(where, says, 'run doctor again; if that stays, see the logs of its pods')];
}

/** Undefined where the caller may not create one. */
async function byJob(
  { kubectl, clock, install: { namespace }, part, suffix }: InsideOptions,
  deployment: SeenDeployment,
  args: readonly string[],
): Promise<Result[] | undefined> {
  const name = `workspace-doctor-${part}-${suffix}`;
  const where = { check: 'inside', from: part, object: `Job ${namespace}/${name}` } as const;
  const job = jobOf(deployment, { name, namespace, args });
  const created = await kubectl.run(
    ['create', '--filename=-', `--namespace=${namespace}`],
    JSON.stringify(job),
  );
  if (created.code !== 0) return undefined;
  const at = [`--namespace=${namespace}`];
  try {
    const began = clock.monotonic();
    let end = await endOf(kubectl, name, at);
    while (end === undefined && msBetween(began, clock.monotonic()) < JOB_SECONDS * 1000) {
      await sleep(clock, LOOK_MS);
      end = await endOf(kubectl, name, at);
    }
    const { stdout, stderr } = await kubectl.run(['logs', `job/${name}`, ...at]);
    const found = findingsIn(stdout);
    if (found.length > 0)
      return judged(where, found, end === 'succeeded' ? undefined : `its Job ${end ?? 'goes on'}`);
    const said = (stdout.trim() || stderr.trim()).slice(-500);
    return [
      failed(
        where,
        `it ended without a finding: ${said || 'its pod did not start'}`,
        `kubectl get events --namespace ${namespace}`,
      ),
    ];
  } finally {
    await kubectl.run(['delete', 'job', name, ...at, '--cascade=background', '--wait=false']);
  }
}

/** How the Job ended; undefined while it goes on. */
async function endOf(kubectl: Kubectl, name: string, at: readonly string[]): Promise<string | undefined> {
  const { code, stdout } = await kubectl.run(['get', 'job', name, ...at, '-o=json']);
  if (code !== 0) return 'can’t be looked at';
  const { status = {} } = JSON.parse(stdout) as { status?: { succeeded?: number; failed?: number } };
  if ((status.succeeded ?? 0) > 0) return 'succeeded';
  return (status.failed ?? 0) > 0 ? 'failed' : undefined;
}

/** As the chart's own test pod: with account, settings and files of the part, and out of reach of its Service. */
function jobOf(
  { spec, metadata }: SeenDeployment,
  { name, namespace, args }: { name: string; namespace: string; args: readonly string[] },
): object {
  const { containers, affinity: _, topologySpreadConstraints: __, ...pod } = spec.template.spec;
  const [first] = containers;
  const {
    ports: _p,
    lifecycle: _l,
    startupProbe: _s,
    readinessProbe: _r,
    livenessProbe: _v,
    ...container
  } = first ?? { name: 'check' };
  const labels = {
    ...metadata.labels,
    ...spec.template.metadata?.labels,
    'app.kubernetes.io/component': 'check',
  };
  const template = {
    metadata: { labels },
    spec: { ...pod, restartPolicy: 'Never', containers: [{ ...container, name: 'check', args }] },
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: JOB_SECONDS,
      ttlSecondsAfterFinished: JOB_KEPT_SECONDS,
      template,
    },
  };
}
