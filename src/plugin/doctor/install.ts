import { type Clock, sleep } from '../../controller/lib/clock.ts';
import { msBetween, parseStamp } from '../../controller/lib/time.ts';
import type { Kubectl } from '../base/kubectl.ts';
import {
  isReady,
  OPERATOR_LABEL,
  PARTS,
  type Part,
  partOf,
  type SeenDeployment,
  type SeenLease,
  type SeenPod,
} from '../views/operator.ts';
import { failed, ok, type Result, unknown } from './result.ts';

/** The operator as it is installed. */
export interface Install {
  namespace: string;
  deployments: Readonly<Partial<Record<Part, SeenDeployment>>>;
  /** Undefined where the caller may not list them. */
  pods: readonly SeenPod[] | undefined;
}

const CHECK = 'operator';
const FIND = { check: CHECK, from: 'kubectl', object: 'Deployments of the operator' } as const;
const LEASE = 'workspace-operator';
/** client-go's and ours, where a lease does not say. */
const LEASE_SECONDS = 15;

/** Finds the operator by the chart's labels. @param namespace where to look; everywhere without it */
export async function findInstall(
  kubectl: Kubectl,
  namespace: string | undefined,
): Promise<{ install?: Install; results: Result[] }> {
  const where = namespace === undefined ? '--all-namespaces' : `--namespace=${namespace}`;
  const listed = await kubectl.run([
    'get',
    'deployments.apps',
    where,
    `--selector=${OPERATOR_LABEL}`,
    '-o=json',
  ]);
  if (listed.code !== 0)
    return {
      results: [
        unknown(
          FIND,
          listed.stderr.trim(),
          'name the namespace in which you may look: --operator-namespace; or ask who may list Deployments there',
        ),
      ],
    };
  const { items } = JSON.parse(listed.stdout) as { items: SeenDeployment[] };
  const namespaces = [...new Set(items.map(({ metadata }) => metadata.namespace ?? ''))];
  const [only] = namespaces;
  if (only === undefined)
    return {
      results: [
        failed(
          FIND,
          `there is none with the label ${OPERATOR_LABEL}${namespace === undefined ? '' : ` in ${namespace}`}`,
          'install the chart (docs/install), or name its namespace: --operator-namespace',
        ),
      ],
    };
  if (namespaces.length > 1)
    return {
      results: [
        unknown(
          FIND,
          `there are several, in ${namespaces.join(', ')}`,
          'choose one: --operator-namespace. Two operators must not serve the same Workspaces',
        ),
      ],
    };
  const pods = await kubectl.run([
    'get',
    'pods',
    `--namespace=${only}`,
    `--selector=${OPERATOR_LABEL}`,
    '-o=json',
  ]);
  const results =
    pods.code === 0
      ? []
      : [unknown({ ...FIND, object: `pods in ${only}` }, pods.stderr.trim(), 'ask who may list pods there')];
  const byPart = PARTS.map((part) => [part, items.find((it) => partOf(it) === part)] as const);
  return {
    install: {
      namespace: only,
      deployments: Object.fromEntries(byPart.filter(([, it]) => it !== undefined)),
      pods: pods.code === 0 ? (JSON.parse(pods.stdout) as { items: SeenPod[] }).items : undefined,
    },
    results,
  };
}

/** Each part has all its pods ready; where it has not, what its pods say. */
export function judgeParts({ namespace, deployments, pods = [] }: Install): Result[] {
  return PARTS.map((part) => {
    const deployment = deployments[part];
    const where = { check: CHECK, from: 'kubectl', object: `${part}s in ${namespace}` } as const;
    if (!deployment)
      return failed(
        where,
        `there is no Deployment of the ${part}`,
        'restore it: helm upgrade with the release’s values',
      );
    const { name } = deployment.metadata;
    const { replicas = 1 } = deployment.spec;
    const { readyReplicas = 0, updatedReplicas = 0, observedGeneration = 0 } = deployment.status ?? {};
    const isRolledOut =
      updatedReplicas >= replicas && observedGeneration >= (deployment.metadata.generation ?? 0);
    if (replicas === 0)
      return failed(
        where,
        'none is asked for (replicas: 0)',
        `scale it: kubectl scale deployment ${name} --namespace ${namespace} --replicas=2`,
      );
    const ill = pods.filter((pod) => partOf(pod) === part && !isReady(pod));
    if (readyReplicas >= replicas && isRolledOut)
      return ok(where, `${readyReplicas} of ${replicas} are ready`);
    // Pods of before an upgrade go on while those of after it don't start.
    if (readyReplicas >= replicas)
      return unknown(
        where,
        `${readyReplicas} are ready, and ${updatedReplicas} of ${replicas} are as the Deployment is now: a roll-out goes on or is stuck${ill.length > 0 ? `: ${ill.map(saidOf).join('; ')}` : ''}`,
        `kubectl rollout status deployment ${name} --namespace ${namespace}`,
      );
    const [first] = ill;
    return failed(
      where,
      `${readyReplicas} of ${replicas} are ready${ill.length > 0 ? `: ${ill.map(saidOf).join('; ')}` : ', and there are no pods of the others'}`,
      first
        ? `kubectl logs ${first.metadata.name} --namespace ${namespace} --all-containers --tail=50, and kubectl describe pod ${first.metadata.name} --namespace ${namespace}`
        : `kubectl describe deployment ${name} --namespace ${namespace}`,
    );
  });
}

function saidOf({ metadata, status }: SeenPod): string {
  const states = (status?.containerStatuses ?? []).flatMap(({ state, restartCount = 0, ready }) => {
    if (ready) return [];
    const { waiting, terminated } = state ?? {};
    const why = waiting?.reason ?? (terminated && `ended with ${terminated.exitCode ?? terminated.reason}`);
    return [`${why ?? 'not ready'}${restartCount > 0 ? `, restarted ${restartCount} times` : ''}`];
  });
  const unscheduled = status?.conditions?.find(
    ({ type, status: is }) => type === 'PodScheduled' && is === 'False',
  );
  return `${metadata.name} is ${status?.phase ?? 'unknown'} (${states.join(', ') || (unscheduled?.message ?? 'not ready')})`;
}

/**
 * Someone leads. Clocks may differ, so that a stale stamp proves nothing: where it looks stale, it is looked at again after
 * the lease’s time, within which a leader renews it.
 */
export async function judgeLease(kubectl: Kubectl, { namespace }: Install, clock: Clock): Promise<Result> {
  const where = { check: CHECK, from: 'kubectl', object: `Lease ${namespace}/${LEASE}` } as const;
  const read = () =>
    kubectl.run(['get', 'leases.coordination.k8s.io', LEASE, `--namespace=${namespace}`, '-o=json']);
  const leads = (holder: string) => ok(where, `${holder} leads`);
  const next = `kubectl logs --namespace ${namespace} --selector=app.kubernetes.io/component=controller --tail=50`;
  const first = await read();
  if (first.code !== 0)
    return /not ?found/i.test(first.stderr)
      ? failed(where, 'there is none, so no controller ever led', next)
      : unknown(where, first.stderr.trim(), 'ask who may get Leases there');
  const { spec = {} } = JSON.parse(first.stdout) as SeenLease;
  const { holderIdentity: holder = '', renewTime, leaseDurationSeconds = LEASE_SECONDS } = spec;
  const limitMs = leaseDurationSeconds * 1000;
  const ageMs = msBetween(parseStamp(renewTime), clock.now());
  if (holder !== '' && Math.abs(ageMs) < limitMs) return leads(holder);
  await sleep(clock, limitMs);
  const again = await read();
  const later = again.code === 0 ? (JSON.parse(again.stdout) as SeenLease).spec : undefined;
  if (later?.holderIdentity && later.renewTime !== renewTime) return leads(later.holderIdentity);
  return failed(
    where,
    holder === '' ? 'no controller holds it' : `${holder} has not renewed it since ${renewTime}`,
    next,
  );
}
