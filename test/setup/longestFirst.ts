import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take long, with their seconds on two cores. A checkout that ran no test yet has no other figures. */
const SECONDS: Readonly<Record<string, number>> = {
  'test/commands/demo.test.ts': 58,
  'test/cluster/stories/storm.test.ts': 49,
  'test/commands/canary.test.ts': 48,
  'test/scenarios/launches/badInput.test.ts': 48,
  'src/agent/agent.environment.test.ts': 46,
  'test/commands/dev.test.ts': 43,
  'test/newcomer/newcomer.test.ts': 43,
  'test/kubectl/live.test.ts': 39,
  'test/cluster/stories/splitBrain.test.ts': 36,
  'test/cluster/stories/lostStatus.test.ts': 35,
  'test/cluster/stories/moved.test.ts': 35,
  'test/plugin/plugin.test.ts': 33,
  'test/scenarios/faults/splitBrain.test.ts': 33,
  'test/scenarios/launches/spot.test.ts': 33,
  'test/rights.test.ts': 30,
  'test/scenarios/faults/hangingStop.test.ts': 30,
  'test/scenarios/changes/rollout.test.ts': 30,
  'test/scenarios/changes/keys.test.ts': 28,
  'test/cluster/stories/replicas.test.ts': 27,
  'test/scenarios/faults/failStatic.test.ts': 27,
  'test/scenarios/faults/unreachable.test.ts': 27,
  'src/agent/agent.rotation.test.ts': 26,
  'test/cluster/stories/apiServerFrozen.test.ts': 25,
  'test/cluster/server/kubectl.test.ts': 24,
  'test/model/model.test.ts': 24,
  'test/scenarios/faults/crash.test.ts': 24,
  'test/scenarios/launches/launching.test.ts': 24,
  'test/virtual/launches/lines.test.ts': 23,
  'src/agent/agent.test.ts': 20,
  'src/agent/agent.interruption.test.ts': 19,
  'test/scenarios/faults/busyMachine.test.ts': 17,
  'test/scenarios/changes/secrets.test.ts': 17,
  'test/simulator/simulator.test.ts': 16,
  'dev/postgres/postgres.test.ts': 15,
  'test/scenarios/changes/changes.test.ts': 15,
  'test/scenarios/changes/otherTools.test.ts': 15,
  'test/scenarios/changes/userData.test.ts': 15,
  'test/scenarios/launches/limits.test.ts': 14,
  'test/scenarios/launches/orphans.test.ts': 13,
  'test/contract/watches.test.ts': 12,
  'test/scenarios/changes/incident.test.ts': 11,
  'test/commands/mainProcess.test.ts': 10,
  'test/scenarios/changes/ledger.test.ts': 10,
  'test/virtual/fleet/mixtures.test.ts': 10,
  'src/agent/agent.shells.test.ts': 9,
  'src/gateway/routes/neighbours.test.ts': 9,
  'test/scenarios/faults/proxy.test.ts': 9,
  'test/scenarios/launches/steady.test.ts': 9,
  'test/scenarios/changes/restartContext.test.ts': 8,
  'test/scenarios/changes/stopped.test.ts': 8,
  'src/gateway/http/connections.test.ts': 7,
  'test/scenarios/launches/badStart.test.ts': 7,
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
