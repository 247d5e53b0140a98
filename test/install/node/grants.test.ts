import { beforeAll, expect, test } from 'vitest';
import { OPERATOR_NAMESPACE } from '../../../dev/stack/install.ts';
import { allows, type Grant, grantsOf } from '../../cluster/accounts/grants.ts';
import { type AuditedRequest, auditedRequests } from '../../cluster/real/auditLog.ts';
import { render } from '../chart.ts';
import { describeOnNode, theBed } from './bed/bed.ts';
import { whenInstalled } from './helm.ts';

type Part = 'controller' | 'gateway';

/** Roles of the chart, by the part whose account they are bound to. */
const ROLES: Readonly<Record<Part, RegExp>> = {
  controller: /^workspace-operator(-workspace-system-controller)?$/,
  gateway: /^workspace-operator(-workspace-system)?-gateway(-environments)?$/,
};

/** Grants that not each run of these tests comes to use, and why they are there all the same. */
const RARE: readonly (Pick<Grant, 'resource' | 'verb'> & { part: Part; because: string })[] = [
  {
    part: 'controller',
    resource: 'secrets',
    verb: 'patch',
    because: 'keys are added to (test/scenarios/keys)',
  },
  {
    part: 'controller',
    resource: 'configmaps',
    verb: 'delete',
    because: 'what no launch holds any more goes',
  },
  { part: 'controller', resource: 'events', verb: 'patch', because: 'an event that comes again is counted' },
  { part: 'gateway', resource: 'configmaps', verb: 'list', because: 'agents of other releases are served' },
  { part: 'gateway', resource: 'events', verb: 'create', because: 'files that are refused (test/rights)' },
  { part: 'gateway', resource: 'events', verb: 'patch', because: 'an event that comes again is counted' },
  { part: 'gateway', resource: 'leases', verb: 'get', because: 'its uid is what those events regard' },
];

/** What helm test asks about itself, as each account may. */
const OF_EVERYONE = /^selfsubject/;

// The last file of the run: it judges what the pods of all the others asked for.
describeOnNode('the chart grants what is used', () => {
  const used: Record<Part, AuditedRequest[]> = { controller: [], gateway: [] };
  const grants: Record<Part, Grant[]> = { controller: [], gateway: [] };
  const parts = ['controller', 'gateway'] as const;
  let isInstalled: (at: number) => boolean;
  beforeAll(async () => {
    const manifests = await render({ tenantNamespaces: ['default'] });
    const requests = auditedRequests(theBed().auditLog);
    isInstalled = await whenInstalled(theBed());
    for (const part of parts) {
      const user = `system:serviceaccount:${OPERATOR_NAMESPACE}:workspace-operator-${part}`;
      used[part] = requests.filter((request) => request.user === user);
      grants[part] = grantsOf(manifests.filter(({ metadata }) => ROLES[part].test(metadata.name)));
    }
  });
  test.each(parts)('there is something to judge of the %s', (part) => {
    expect(used[part].length).toBeGreaterThan(20);
    expect(grants[part].length).toBeGreaterThan(5);
  });

  test.each(parts)('the %s was refused nothing while it was installed', (part) => {
    const refused = used[part].filter(
      ({ code, forbidden, at }) => (code === 401 || forbidden) && isInstalled(at),
    );
    expect(
      refused.map(({ verb, resource, namespace, name }) => ({ verb, resource, namespace, name })),
    ).toEqual([]);
  });

  test.each(parts)('the %s used each right, but for rare ones with a reason', (part) => {
    const asked = used[part].filter(({ resource }) => !OF_EVERYONE.test(resource));
    const idle = grants[part].filter((grant) => !asked.some((request) => allows(grant, request)));
    const isRare = (grant: Grant) =>
      RARE.some((rare) => rare.part === part && rare.resource === grant.resource && rare.verb === grant.verb);
    expect(idle.filter((grant) => !isRare(grant))).toEqual([]);
  });
});
