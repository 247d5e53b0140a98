import { currentState, type InstanceRecord } from '../../../dev/ec2/base/model.ts';
import { tagMap } from '../../../dev/ec2/base/tags.ts';
import type { Provision, Termination } from '../../../dev/ec2/cloud/ledger.ts';
import { TAG } from '../../../src/api/launch/tags.ts';
import type { Scene } from '../../simulator/scene/scene.ts';
import type { People } from './people.ts';

const LIVE: ReadonlySet<string> = new Set(['pending', 'running', 'stopping', 'stopped']);

/** The real course of events, by the books of cloud and cluster and not by the operator's reports. */
export interface Books {
  /** Accepted, distinct RunInstances: of one Workspace, or of all. */
  provisions(name?: string): readonly Provision[];
  terminations(name?: string): readonly Termination[];
  /** Ids of instances that live, stopped ones among them. */
  live(name?: string): readonly string[];
  instances(name?: string): readonly InstanceRecord[];
  /** Real calls of one action to EC2 so far, with any outcome. */
  calls(action: string): number;
  /** Calls to EC2 that would change anything, and writes of operators to the API server but for leases and events, by name. */
  changesAsked(): Readonly<Record<string, number>>;
  /** Names of the Workspaces in which no person can work: no running instance of theirs has an agent that the gateway has heard since it booted. */
  down(): readonly string[];
  /** The environment that the agent of a Workspace's newest running instance holds. */
  environment(name: string): Readonly<Record<string, string>> | undefined;
}

export function nameOf({ tags }: Pick<InstanceRecord, 'tags'>): string {
  return tagMap(tags)[TAG.name] ?? '';
}

export function createBooks({ service, api, agents }: Scene, people: Pick<People, 'workspaces'>): Books {
  const { cloud } = service;
  const instances = (name?: string) =>
    [...cloud.instances.values()].filter((it) => name === undefined || nameOf(it) === name);
  const of = <T extends { tags: Readonly<Record<string, string>> }>(all: readonly T[], name?: string) =>
    name === undefined ? all : all.filter(({ tags }) => tags[TAG.name] === name);

  /** By instance, those whose agents got through since they booted. */
  function heard() {
    const running = new Set(instances().flatMap((it) => (currentState(it) === 'running' ? [it.id] : [])));
    return agents.reports().filter(({ instanceID, beats }) => beats > 0 && running.has(instanceID));
  }

  return {
    instances,
    provisions: (name) => of(cloud.ledger.provisions(), name),
    terminations: (name) => of(cloud.ledger.terminations(), name),
    live: (name) =>
      instances(name)
        .filter((it) => LIVE.has(currentState(it)))
        .map(({ id }) => id),
    calls: (action) => cloud.ledger.count(action),
    changesAsked() {
      const asked: Record<string, number> = {};
      for (const { action, dryRun, count } of cloud.ledger.calls())
        if (!/^(Describe|Get)|Message/.test(action)) asked[dryRun ? `${action} (dry run)` : action] = count;
      for (const { verb, resource, subresource, userAgent, count } of api.counters.rows()) {
        if (!/^(create|update|patch|delete)/.test(verb) || !userAgent.startsWith('operator')) continue;
        if (/^(leases|events)\b/.test(resource)) continue;
        const name = [verb, resource, subresource].filter((part) => part !== '').join(' ');
        asked[name] = (asked[name] ?? 0) + count;
      }
      return asked;
    },
    down() {
      const uids = new Set(heard().map(({ uid }) => uid));
      return people
        .workspaces()
        .filter(({ metadata }) => !uids.has(metadata.uid))
        .map(({ metadata }) => metadata.name);
    },
    environment(name) {
      const ids = instances(name).map(({ id }) => id);
      return heard().findLast(({ instanceID }) => ids.includes(instanceID))?.environment;
    },
  };
}
