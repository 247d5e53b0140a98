import { currentState } from '../ec2/base/model.ts';
import { tagMap } from '../ec2/base/tags.ts';
import type { Provision, Termination } from '../ec2/cloud/ledger.ts';
import type { Ec2Server } from '../ec2/server.ts';

/** What the cloud itself has on record of one owner's instances. */
export interface Books {
  /** Accepted RunInstances that made an instance. */
  provisions: readonly Provision[];
  terminations: readonly Termination[];
  /** Ids of the instances that are not on their way out. */
  live: readonly string[];
}

/** Asks the cloud, not the operator. */
export function readBooks(ec2: Ec2Server, tag: { key: string; value: string }): Books {
  const isTheirs = (tags: Readonly<Record<string, string>>) => tags[tag.key] === tag.value;
  return {
    provisions: ec2.counters.provisions().filter((entry) => isTheirs(entry.tags)),
    terminations: ec2.counters.terminations().filter((entry) => isTheirs(entry.tags)),
    live: [...ec2.state.instances.values()]
      .filter((instance) => isTheirs(tagMap(instance.tags)))
      .filter((instance) => !['shutting-down', 'terminated'].includes(currentState(instance)))
      .map((instance) => instance.id),
  };
}
