import { TAG } from '../../../src/api/launch/tags.ts';
import type { Scene } from '../scene/scene.ts';

/** Has EC2 refuse RunInstances for one Workspace until it relents; real requests, or dry runs alone. */
export function refuse(
  { stack }: Scene,
  name: string,
  error: { code: string; message: string; dryRun?: boolean },
): void {
  const { dryRun = false, ...fault } = error;
  stack.ec2.faults.add({
    action: 'RunInstances',
    match: { [`tag:${TAG.name}`]: name },
    dryRun,
    times: Number.POSITIVE_INFINITY,
    fault: { kind: 'error', ...fault },
  });
}

export function relent({ stack }: Scene, name: string): void {
  const { faults } = stack.ec2;
  for (const { id, match } of faults.rules()) if (match?.[`tag:${TAG.name}`] === name) faults.remove(id);
}
