import type { Clock } from '../../controller/lib/clock.ts';
import type { Kubectl } from '../base/kubectl.ts';
import { PARTS } from '../views/operator.ts';
import { judgeClasses } from './classes.ts';
import { judgeCaller, judgeCluster, judgeDefinitions } from './cluster.ts';
import { examineGateway, type Reach } from './gateway.ts';
import { examineInside } from './inside.ts';
import { findInstall, judgeLease, judgeParts } from './install.ts';
import { type Result, unknown } from './result.ts';

export interface ExamineOptions {
  kubectl: Kubectl;
  clock: Clock;
  /** Where to look for the operator; everywhere without it. */
  operatorNamespace: string | undefined;
  /** Makes the names of Jobs their own. */
  suffix: string;
  /** Looks at the gateway from this machine. */
  reach: Reach;
  onResult(result: Result): void;
}

function notSeen(object: string, why: string): Result {
  return unknown({ check: 'doctor', from: 'kubectl', object }, `not looked at: ${why}`, 'see above');
}

/** All checks, one after another; one that can't be made says why, and the others go on. */
export async function examine(options: ExamineOptions): Promise<readonly Result[]> {
  const { kubectl, clock, operatorNamespace, suffix, reach, onResult } = options;
  const results: Result[] = [];
  const add = (...more: readonly Result[]) => {
    for (const result of more) {
      results.push(result);
      onResult(result);
    }
  };
  const cluster = await judgeCluster(kubectl);
  add(cluster.result);
  if (!cluster.answers) {
    add(notSeen('all other checks', 'the API server does not answer'));
    return results;
  }
  add(await judgeDefinitions(kubectl));
  const { install, results: found } = await findInstall(kubectl, operatorNamespace);
  add(...found);
  add(await judgeCaller(kubectl, install?.namespace ?? operatorNamespace));
  if (install) {
    add(...judgeParts(install), await judgeLease(kubectl, install, clock));
    for (const part of PARTS) add(...(await examineInside({ kubectl, clock, install, part, suffix })));
    add(...(await examineGateway({ kubectl, install, clock, reach })));
  } else add(notSeen('database, AWS and gateway', 'the operator was not found'));
  add(...(await judgeClasses(kubectl)));
  return results;
}
