import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take long, with their seconds on two cores. A checkout that ran no test yet has no other figures. */
const SECONDS: Readonly<Record<string, number>> = {
  'test/demo.test.ts': 58,
  'test/cluster/storm.test.ts': 49,
  'test/canary.test.ts': 48,
  'test/scenarios/badInput.test.ts': 48,
  'src/agent/agent.environment.test.ts': 46,
  'test/dev.test.ts': 43,
  'test/newcomer/newcomer.test.ts': 43,
  'test/kubectl/live.test.ts': 39,
  'test/cluster/splitBrain.test.ts': 36,
  'test/cluster/lostStatus.test.ts': 35,
  'test/cluster/moved.test.ts': 35,
  'test/plugin/plugin.test.ts': 33,
  'test/scenarios/splitBrain.test.ts': 33,
  'test/scenarios/spot.test.ts': 33,
  'test/rights.test.ts': 30,
  'test/scenarios/hangingStop.test.ts': 30,
  'test/scenarios/rollout.test.ts': 30,
  'test/scenarios/keys.test.ts': 28,
  'test/cluster/replicas.test.ts': 27,
  'test/scenarios/failStatic.test.ts': 27,
  'test/scenarios/unreachable.test.ts': 27,
  'src/agent/agent.rotation.test.ts': 26,
  'test/cluster/apiServerFrozen.test.ts': 25,
  'test/cluster/kubectl.test.ts': 24,
  'test/model/model.test.ts': 24,
  'test/scenarios/crash.test.ts': 24,
  'test/scenarios/launching.test.ts': 24,
  'test/virtual/lines.test.ts': 23,
  'src/agent/agent.test.ts': 20,
  'src/agent/agent.interruption.test.ts': 19,
  'test/scenarios/busyMachine.test.ts': 17,
  'test/scenarios/secrets.test.ts': 17,
  'test/simulator/simulator.test.ts': 16,
  'dev/postgres/postgres.test.ts': 15,
  'test/scenarios/changes.test.ts': 15,
  'test/scenarios/otherTools.test.ts': 15,
  'test/scenarios/userData.test.ts': 15,
  'test/scenarios/limits.test.ts': 14,
  'test/scenarios/orphans.test.ts': 13,
  'test/contract/watches.test.ts': 12,
  'test/scenarios/incident.test.ts': 11,
  'test/mainProcess.test.ts': 10,
  'test/scenarios/ledger.test.ts': 10,
  'test/virtual/mixtures.test.ts': 10,
  'src/agent/agent.shells.test.ts': 9,
  'src/gateway/routes/neighbours.test.ts': 9,
  'test/scenarios/proxy.test.ts': 9,
  'test/scenarios/steady.test.ts': 9,
  'test/scenarios/restartContext.test.ts': 8,
  'test/scenarios/stopped.test.ts': 8,
  'src/gateway/http/connections.test.ts': 7,
  'test/scenarios/badStart.test.ts': 7,
};

/**
 * Longest first, so that no worker begins a file of a minute when the others are done. The default, larger files first,
 * left one worker alone for the last half minute. The files of a project follow one another: a worker loads everything
 * again for another project.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files);
    const { root } = this.ctx.config;
    const secondsOf = ({ moduleId }: TestSpecification) => SECONDS[relative(root, moduleId)] ?? 0;
    const groupOf = ({ project }: TestSpecification) => project.config.sequence.groupOrder;
    const longest = new Map<string, number>();
    for (const file of files)
      longest.set(file.project.name, Math.max(longest.get(file.project.name) ?? 0, secondsOf(file)));
    const longestOf = ({ project }: TestSpecification) => longest.get(project.name) ?? 0;
    return usual.sort(
      (a, b) => groupOf(a) - groupOf(b) || longestOf(b) - longestOf(a) || secondsOf(b) - secondsOf(a),
    );
  }
}
