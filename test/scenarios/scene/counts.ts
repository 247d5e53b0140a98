import { currentState } from '../../../dev/ec2/base/model.ts';
import { TAG } from '../../../src/api/launch/tags.ts';
import type { Operator } from '../../../src/operator/operator.ts';
import type { Scene } from './scene.ts';
import { until } from './until.ts';

/** Accepted, distinct RunInstances for one Workspace, by the cloud's own books. */
export function provisionsOf(scene: Scene, name: string) {
  return scene.stack.ec2.counters.provisions().filter((entry) => entry.tags[TAG.name] === name);
}

export function terminationsOf(scene: Scene, name: string) {
  return scene.stack.ec2.counters.terminations().filter((entry) => entry.tags[TAG.name] === name);
}

/** Instances of a Workspace that live, by the cloud's own state. */
export function liveInstancesOf(scene: Scene, name: string): string[] {
  return [...scene.stack.ec2.state.instances.values()]
    .filter((instance) => instance.tags.some((tag) => tag.key === TAG.name && tag.value === name))
    .filter((instance) => ['pending', 'running', 'stopping', 'stopped'].includes(currentState(instance)))
    .map((instance) => instance.id);
}

/** Time in the protocol's own terms: the operator has looked at the whole cloud `count` times more. */
export async function sweeps(scene: Scene, count: number): Promise<void> {
  const looks = () => scene.stack.ec2.counters.count('DescribeInstances', { outcome: 'ok' });
  const goal = looks() + count;
  await until(`${count} more looks at the cloud`, () => looks() >= goal);
}

export async function metric(operator: Pick<Operator, 'metricsPort'>, line: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${operator.metricsPort}/metrics`);
  const text = await answer.text();
  const found = text.split('\n').find((it) => it.startsWith(`${line} `));
  return found === undefined ? 0 : Number(found.split(' ').at(-1));
}
