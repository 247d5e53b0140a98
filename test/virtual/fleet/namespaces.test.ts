import { describe, expect } from 'vitest';
import { tagMap } from '../../../dev/ec2/base/tags.ts';
import { TAG } from '../../../src/api/launch/tags.ts';
import { CLASSES } from '../../../src/reconcilers/class/deps.ts';
import { OPERATOR_LABEL } from '../../../src/reconcilers/class/owner.ts';
import { story } from '../driver/story.ts';
import { MINUTE, SECOND } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

const OWN = 'workspace-system';
const CLUSTER_WIDE = ['', 'default'];

function listed(watchNamespaces: string) {
  const orphans = { policy: 'Terminate', graceMs: MINUTE, intervalMs: 10 * SECOND } as const;
  return { settings: { kubernetes: { namespace: OWN, watchNamespaces }, orphans } };
}

async function createTeam(world: World, team: string): Promise<string> {
  await world.createNamespace(team);
  await world.putSecret(`${team}/ada-env`, { KEY: 'a' });
  await world.createWorkspace(`${team}/ada`);
  return `${team}/ada`;
}

/** Where operators and gateways asked for what has a namespace; '' for all namespaces at once. */
function askedIn(world: World): string[] {
  const rows = world.scene.api.counters
    .rows()
    .filter(({ userAgent }) => /^(operator|gateway)-/.test(userAgent));
  const namespaced = rows.filter(({ resource }) => !/^(workspaceclasses\.|namespaces$)/.test(resource));
  return [...new Set(namespaced.map(({ namespace }) => namespace))].sort();
}

describe('with a list of namespaces', () => {
  story(
    'no request leaves them and the operator’s own, and Workspaces elsewhere are left alone',
    listed('team-a, team-b'),
    async (world) => {
      const served = [await createTeam(world, 'team-a'), await createTeam(world, 'team-b')];
      const other = await createTeam(world, 'team-c');
      for (const name of served) await world.untilReady(name, 1);
      await world.putSecret('team-a/ada-env', { KEY: 'b' });
      await world.untilReady('team-a/ada', 2);
      // Every event of a class's, too.
      await world.editClass('standard', {
        images: [{ architecture: 'x86_64', id: 'ami-00000000000000000' }],
      });
      await world.until(
        'the class says so',
        () => world.classCondition('standard', 'Resolved')?.status === 'False',
      );
      await world.remove('team-b/ada');
      await world.untilGone('team-b/ada');
      expect(world.workspace(other).status?.launch).toBeUndefined();
      expect(world.workspace(other).metadata.finalizers ?? []).toEqual([]);
      expect(askedIn(world)).toEqual(['team-a', 'team-b', OWN].sort());
      expect(world.events('workspace-operator')).toContainEqual(
        expect.objectContaining({ note: expect.stringMatching(/^WorkspaceClass standard: /) }),
      );
    },
  );
});

describe('a list that shrinks', () => {
  story(
    'orphans nothing, and one that grows again finds all as it was',
    listed('team-a,team-b'),
    async (world) => {
      const names = [await createTeam(world, 'team-a'), await createTeam(world, 'team-b')];
      for (const name of names) await world.untilReady(name, 1);
      const live = world.live();
      await world.leader().stop();
      world.startOperator({ watchNamespaces: 'team-a' });
      await world.untilLeader();
      // Not even a heartbeat speaks for it.
      const left = world.instances().find(({ tags }) => tagMap(tags)[TAG.namespace] === 'team-b')?.id ?? '';
      world.silence(left, true);
      await world.pass(60 * MINUTE);
      world.silence(left, false);
      expect(world.live()).toEqual(live);
      expect(await world.leader().metric('workspace_orphans', { verdict: 'Due' })).toBe(0);
      // What is deleted meanwhile waits for an operator that serves it.
      await world.remove('team-b/ada');
      await world.pass(10 * MINUTE);
      expect(world.live()).toEqual(live);
      await world.leader().stop();
      world.startOperator({ watchNamespaces: 'team-a,team-b' });
      await world.untilGone('team-b/ada');
      await world.pass(10 * MINUTE);
      expect(world.terminations()).toHaveLength(1);
      expect(world.provisions()).toHaveLength(2);
    },
  );
});

describe('a namespace of the list', () => {
  story(
    'that the API server refuses holds up no other, and is served once it no longer does',
    listed('team-a,team-b'),
    async (world) => {
      await world.leader().stop();
      await createTeam(world, 'team-a');
      await createTeam(world, 'team-b');
      const refused = world.apiServer({
        match: { verbs: ['list'], namespaces: ['team-b'] },
        effect: { kind: 'error', status: 403 },
      });
      const operator = world.startOperator();
      await world.untilReady('team-a/ada', 1);
      expect(world.workspace('team-b/ada').status?.launch).toBeUndefined();
      expect(
        operator.said(
          'the API server refuses a namespace of --watch-namespaces; the others are served. Create it and bind the Role there, or take it from the list',
        ),
      ).toBe(1);
      refused.lift();
      await world.untilReady('team-b/ada', 1);
      expect(operator.said('the namespace is watched now')).toBe(1);
      expect(world.provisions()).toHaveLength(2);
    },
  );

  story(
    'whose Secrets alone are refused has no Workspace that seems to lack one',
    listed('team-a,team-b'),
    async (world) => {
      const name = await createTeam(world, 'team-b');
      await world.untilReady(name, 1);
      await world.pass(MINUTE);
      const before = world.versions();
      await world.leader().kill();
      world.apiServer({
        match: { verbs: ['list'], resources: ['secrets'], namespaces: ['team-b'] },
        effect: { kind: 'error', status: 403 },
      });
      world.startOperator();
      await world.untilLeader();
      await world.pass(5 * MINUTE);
      expect(world.versions()).toEqual(before);
      expect(world.live()).toHaveLength(1);
    },
  );
});

describe('two operators with lists of their own in one cluster', () => {
  story(
    'neither ends, starts or counts what the other has, and one of them writes a class',
    listed('team-a'),
    async (world) => {
      await world.createNamespace('second-system');
      const second = world.startOperator({ namespace: 'second-system', watchNamespaces: 'team-b' });
      await world.until('both lead', () => world.operators().every((operator) => operator.leads()));
      const names = [await createTeam(world, 'team-a'), await createTeam(world, 'team-b')];
      await world.untilReady(names[0] ?? '', 1);
      await world.until('the other launched as well', () => world.live().length === 2);
      const rows = () =>
        world.scene.api.counters
          .rows()
          .filter(
            ({ verb, resource, subresource }) =>
              verb === 'patch' && /^workspaceclasses/.test(resource) && subresource === 'status',
          );
      const writes = rows().reduce((sum, { count }) => sum + count, 0);
      await world.pass(4 * MINUTE);
      expect(world.live()).toHaveLength(2);
      expect(world.provisions()).toHaveLength(2);
      expect(world.terminations()).toHaveLength(0);
      expect(world.klass('standard').status).toMatchObject({ operator: OWN, counts: { total: 1 } });
      expect(rows().reduce((sum, { count }) => sum + count, 0) - writes).toBeLessThan(3);
      // A person hands the class over.
      await world.scene.kube.mergePatch(
        CLASSES,
        { name: 'standard' },
        { metadata: { labels: { [OPERATOR_LABEL]: 'second-system' } } },
      );
      await world.until(
        'it is the second’s',
        () => world.klass('standard').status?.operator === 'second-system',
      );
      expect(second.leads()).toBe(true);
      expect(CLUSTER_WIDE.some((namespace) => askedIn(world).includes(namespace))).toBe(false);
    },
  );
});
