import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take long, with their seconds on two cores. A checkout that ran no test yet has no other figures. */
const SECONDS: Readonly<Record<string, number>> = {
  'test/scenarios/rollout.test.ts': 45,
  'test/scenarios/launching.test.ts': 66,
  'test/scenarios/badInput.test.ts': 61,
  'test/newcomer/newcomer.test.ts': 58,
  'test/canary.test.ts': 54,
  'test/demo.test.ts': 51,
  'test/cluster/storm.test.ts': 49,
  'src/agent/agent.environment.test.ts': 43,
  'test/dev.test.ts': 42,
  'test/cluster/splitBrain.test.ts': 36,
  'test/scenarios/spot.test.ts': 35,
  'test/cluster/lostStatus.test.ts': 35,
  'test/scenarios/splitBrain.test.ts': 34,
  'test/kubectl/live.test.ts': 34,
  'test/plugin/plugin.test.ts': 34,
  'dev/postgres/postgres.test.ts': 34,
  'test/scenarios/keys.test.ts': 32,
  'test/model/model.test.ts': 31,
  'test/virtual/lines.test.ts': 30,
  'test/scenarios/failStatic.test.ts': 30,
  'test/scenarios/unreachable.test.ts': 28,
  'test/cluster/replicas.test.ts': 27,
  'test/simulator/simulator.test.ts': 26,
  'src/agent/agent.rotation.test.ts': 25,
  'test/scenarios/crash.test.ts': 25,
  'test/cluster/apiServerFrozen.test.ts': 25,
  'test/scenarios/steady.test.ts': 22,
  'test/cluster/moved.test.ts': 35,
  'test/cluster/kubectl.test.ts': 24,
  'test/contract/watches.test.ts': 22,
  'test/scenarios/otherTools.test.ts': 21,
  'src/agent/agent.test.ts': 20,
  'test/scenarios/secrets.test.ts': 20,
  'src/agent/agent.interruption.test.ts': 20,
  'test/rights.test.ts': 18,
  'test/model/mutants/mutants.test.ts': 17,
};

/**
 * Longest first, so that no worker begins a file of a minute when the others are done. The default, larger files first,
 * left one worker alone for the last half minute.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files);
    const { root } = this.ctx.config;
    const secondsOf = ({ moduleId }: TestSpecification) => SECONDS[relative(root, moduleId)] ?? 0;
    const groupOf = ({ project }: TestSpecification) => project.config.sequence.groupOrder;
    return usual.sort((a, b) => groupOf(a) - groupOf(b) || secondsOf(b) - secondsOf(a));
  }
}
