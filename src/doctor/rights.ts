import { z } from 'zod';
import type { KubeClient, KubeObject, Resource } from '../controller/client/client.ts';
import { listAll } from '../controller/client/kubeClient.ts';
import { WORKSPACES } from '../reconcilers/workspace/context/deps.ts';
import { type Check, type Finding, failed, passed } from './finding.ts';
import { CONTROLLER_RIGHTS, GATEWAY_RIGHTS, type Right } from './rightsList.ts';

const CHECK = 'rights';
const REVIEWS: Resource = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
};
const reviewed = z.object({ status: z.object({ allowed: z.boolean() }) });

export interface RightsOptions {
  kube: Pick<KubeClient, 'create' | 'list'>;
  /** The operator's own. */
  namespace: string;
  /** Those that are watched; empty: all. */
  watched?: readonly string[] | undefined;
  part: 'all' | 'controller' | 'gateway';
}

/** Checks that the account of the check has the rights that the part uses, by SelfSubjectAccessReview, which every account may create. */
export function rightsCheck({ kube, namespace, watched = [], part }: RightsOptions): Check {
  const lists = {
    all: [...CONTROLLER_RIGHTS, ...GATEWAY_RIGHTS],
    controller: CONTROLLER_RIGHTS,
    gateway: GATEWAY_RIGHTS,
  };
  const places = ({ where }: Right): readonly (string | undefined)[] => {
    if (where === 'own') return [namespace];
    return where === 'cluster' || watched.length === 0 ? [undefined] : watched;
  };
  const object = `what the ${part === 'all' ? 'operator' : part} may do`;
  return {
    name: CHECK,
    object,
    async run() {
      const list = lists[part].filter((right) => watched.length > 0 || !isWithin(right, lists[part]));
      const asked = list.flatMap((right) => places(right).map((place) => ({ right, place })));
      const missing: string[] = [];
      for (const { right, place } of asked)
        if (!(await isAllowed(right, place))) missing.push(textOf(right, place));
      const environments = part === 'gateway' ? await environmentsOf(missing) : [];
      if (missing.length === 0)
        return [passed(CHECK, object, `all ${asked.length} rights are there`), ...environments];
      return [
        failed(
          CHECK,
          object,
          `it may not: ${[...new Set(missing)].join(', ')}`,
          'grant it: helm upgrade restores the chart’s roles and bindings, or kubectl apply -f deploy/rbac-split.yaml',
        ),
        ...environments,
      ];
    },
  };

  async function isAllowed(right: Right, place: string | undefined): Promise<boolean> {
    const [resource, subresource] = right.resource.split('/');
    const { group, verb, name } = right;
    const resourceAttributes = { group, resource, subresource, verb, name, namespace: place };
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    };
    return reviewed.parse(await kube.create(REVIEWS, body)).status.allowed;
  }

  /** Each namespace that has Workspaces, whose Secrets instances are served. */
  async function environmentsOf(missing: readonly string[]): Promise<Finding[]> {
    if (missing.some((text) => text.startsWith('list workspaces'))) return [];
    const metadataOnly = true;
    const lists = await Promise.all(
      (watched.length === 0 ? [undefined] : watched).map((place) =>
        listAll<KubeObject>(kube, WORKSPACES, { namespace: place, metadataOnly }),
      ),
    );
    const used = new Set(lists.flatMap(({ items }) => items.map(({ metadata }) => metadata.namespace ?? '')));
    const closed: string[] = [];
    for (const place of [...used].sort())
      if (!(await isAllowed({ group: '', resource: 'secrets', verb: 'get' }, place))) closed.push(place);
    const environments = 'environments of Workspaces';
    if (closed.length === 0)
      return [passed(CHECK, environments, `can be served; namespaces with Workspaces: ${used.size}`)];
    return [
      failed(
        CHECK,
        environments,
        `there are Workspaces in ${closed.slice(0, 5).join(', ')}${closed.length > 5 ? ' and others' : ''}, whose Secrets the gateway may not get`,
        'add each to tenantNamespaces, or bind workspace-operator-gateway-environments there',
      ),
    ];
  }
}

/** Whether one that is asked for the whole cluster has it in it. */
function isWithin({ where, group, resource, verb }: Right, list: readonly Right[]): boolean {
  return (
    where === 'own' &&
    list.some(
      (it) => it.where === undefined && it.group === group && it.resource === resource && it.verb === verb,
    )
  );
}

function textOf({ verb, resource, group, name }: Right, place: string | undefined): string {
  const whole = `${resource}${group && `.${group}`}${name === undefined ? '' : `/${name}`}`;
  return `${verb} ${whole}${place === undefined ? '' : ` in ${place}`}`;
}
