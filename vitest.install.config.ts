import { defineConfig } from 'vitest/config';

const test = {
  pool: 'forks',
  isolate: false,
  // One cluster for all of them, and some take a node from it.
  maxWorkers: 1,
  // A busy machine takes half a minute to start a pod, and an upgrade starts four, one after another.
  testTimeout: 600_000,
  hookTimeout: 600_000,
  env: { SCENARIO_WAIT_MS: '240000' },
  setupFiles: ['test/setup/reportFailures.ts'],
  provide: { realCluster: null, motoURL: null },
} as const;
const LAST = 'test/install/node/grants.test.ts';
// Alone, and only for a commit that is given.
const SINCE = 'test/install/node/since.test.ts';
const since = process.env.WORKSPACE_NODE_SINCE;

// What needs a node that runs containers: npm run test:install makes it, and without it all of these are skipped.
export default defineConfig({
  test: {
    globalSetup: ['test/install/node/globalSetup.ts', 'test/setup/postgresOfRun.ts'],
    projects: [
      {
        test: {
          ...test,
          name: 'node',
          include: since ? [SINCE] : ['test/install/node/**/*.test.ts'],
          exclude: since ? [] : [LAST, SINCE],
          sequence: { groupOrder: 0 },
        },
      },
      // What the pods of all the others asked for.
      { test: { ...test, name: 'grants', include: since ? [] : [LAST], sequence: { groupOrder: 1 } } },
    ],
  },
});
