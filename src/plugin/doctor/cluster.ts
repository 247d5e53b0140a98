import type { Kubectl } from '../base/kubectl.ts';
import { failed, ok, type Result, unknown } from './result.ts';
import { RIGHTS, type Right, subcommandsOf } from './rightsOfCaller.ts';

const GROUP = '/apis/compute.molecule.ai/v1alpha1';
/** As the chart says (kubeVersion). */
const OLDEST_MINOR = 30;
/** kubectl prints what it creates object by object, and no list. */
const ALLOWED = '--output=jsonpath={.status.allowed}{"\\n"}';

/** The API server answers, and is not older than the chart allows. */
export async function judgeCluster(kubectl: Kubectl): Promise<{ result: Result; answers: boolean }> {
  const where = { check: 'cluster', from: 'kubectl', object: 'the API server' } as const;
  const { code, stdout, stderr } = await kubectl.run(['version', '--output=json']);
  const said = stdout === '' ? {} : (JSON.parse(stdout) as { serverVersion?: { gitVersion?: string } });
  const { gitVersion } = said.serverVersion ?? {};
  if (code !== 0 || gitVersion === undefined)
    return {
      answers: false,
      result: failed(
        where,
        stderr.trim() || 'it did not answer',
        'see which cluster is meant: kubectl config get-contexts; then --context or --kubeconfig',
      ),
    };
  const minor = Number(/^v1\.(\d+)/.exec(gitVersion)?.[1]);
  const result =
    minor < OLDEST_MINOR
      ? failed(
          where,
          `it is ${gitVersion}; the operator needs 1.${OLDEST_MINOR} or later`,
          'upgrade the cluster',
        )
      : ok(where, `it answers, and is ${gitVersion}`);
  return { answers: true, result };
}

/** Both kinds are served. Whether with every field, the operator's own check of its definitions says. */
export async function judgeDefinitions(kubectl: Kubectl): Promise<Result> {
  const where = {
    check: 'definitions',
    from: 'kubectl',
    object: 'the kinds of compute.molecule.ai/v1alpha1',
  } as const;
  const install = 'install the definitions: crds.install=true, or kubectl apply --server-side -f crds/';
  const { code, stdout, stderr } = await kubectl.run(['get', '--raw', GROUP]);
  if (code !== 0)
    return /not ?found|could not find/i.test(stderr)
      ? failed(where, 'they are not served', install)
      : unknown(where, stderr.trim(), 'see that you are logged in: kubectl auth whoami');
  const { resources } = JSON.parse(stdout) as { resources: { name: string }[] };
  const lacking = ['workspaces', 'workspaceclasses'].filter(
    (name) => !resources.some((it) => it.name === name),
  );
  return lacking.length === 0
    ? ok(where, 'both are served')
    : failed(where, `${lacking.join(' and ')} ${lacking.length > 1 ? 'are' : 'is'} not served`, install);
}

/** What the caller may do, as the API server says: not a fault of the install, and what can't be done is named. */
export async function judgeCaller(kubectl: Kubectl, operatorNamespace: string | undefined): Promise<Result> {
  const where = { check: 'rights', from: 'kubectl', object: 'what you may do' } as const;
  const asked = RIGHTS.filter(({ where: place }) => place !== 'operator' || operatorNamespace !== undefined);
  const items = asked.map((right) => reviewOf(right, operatorNamespace));
  const list = { apiVersion: 'v1', kind: 'List', items };
  const { code, stdout, stderr } = await kubectl.run(
    ['create', '--filename=-', ALLOWED],
    JSON.stringify(list),
  );
  if (code !== 0) return unknown(where, stderr.trim(), 'see that you are logged in: kubectl auth whoami');
  // One line for each, in their order.
  const lines = stdout.split('\n');
  const missing = asked.filter((_, at) => lines[at] !== 'true');
  if (missing.length === 0) return ok(where, `all that the subcommands need: ${asked.length} rights`);
  const texts = missing.map(({ verb, resource }) => `${verb} ${resource}`);
  return unknown(
    where,
    `you may not: ${texts.join(', ')}; so these can’t do all their work for you: ${subcommandsOf(missing).join(', ')}`,
    'docs/plugin.md has the rights that each subcommand needs',
  );
}

function reviewOf({ verb, group, resource, where }: Right, operatorNamespace: string | undefined): object {
  const [name, subresource] = resource.split('/');
  const place = where === 'operator' ? operatorNamespace : undefined;
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: {
      resourceAttributes: {
        verb,
        group,
        resource: name,
        ...(subresource !== undefined && { subresource }),
        ...(place !== undefined && { namespace: place }),
      },
    },
  };
}
