// A setup file of vitest: each failure in a scene comes with the scene's timeline.
import { afterAll, aroundEach, type RunnerTestSuite } from 'vitest';
import { amongOwnWitnesses, dismissShared, type Witness, witnesses } from '../scenarios/scene/witness.ts';

function report(what: string, all: readonly Witness[]): void {
  for (const witness of all)
    console.error(`What happened in the scene of “${what}”:\n${witness.timeline()}\n`);
}

aroundEach((runTest, { task, onTestFailed }) =>
  amongOwnWitnesses(async (all) => {
    onTestFailed(() => report(task.name, all()));
    await runTest();
  }),
);

/** Suites whose scene could not be set up, so that none of their tests ran. */
function broken(suite: Pick<RunnerTestSuite, 'name' | 'result' | 'tasks'>): string[] {
  const own = suite.result?.errors?.length ? [suite.name] : [];
  return [...own, ...suite.tasks.flatMap((task) => (task.type === 'suite' ? broken(task) : []))];
}

// biome-ignore lint/correctness/noEmptyPattern: vitest reads the parameters' names, and wants none of its fixtures asked for
afterAll(({}, suite) => {
  const names = broken(suite);
  if (names.length > 0) report(names.join(', '), witnesses());
  dismissShared();
});
