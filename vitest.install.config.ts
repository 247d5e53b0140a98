import { defineConfig } from 'vitest/config';

// What needs a node that runs containers: npm run test:install makes it, and without it all of these are skipped.
export default defineConfig({
  test: {
    pool: 'forks',
    isolate: false,
    // One cluster for all of them, and some take a node from it.
    maxWorkers: 1,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    globalSetup: ['test/install/node/globalSetup.ts', 'test/support/postgresOfRun.ts'],
    setupFiles: ['test/scenarios/tellFailures.ts'],
    include: ['test/install/node/**/*.test.ts'],
    provide: { realCluster: null, motoURL: null },
  },
});
