import { defineConfig } from 'vitest/config';

// What needs one of Debian's programs: Prometheus, Chromium, busybox. .ci/run installs them.
export default defineConfig({
  test: {
    isolate: false,
    pool: 'forks',
    // A check of an agent mostly waits.
    maxConcurrency: 16,
    // They watch clocks and mostly wait; more of them would take the cores from Chromium.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    globalSetup: ['test/setup/postgresOfRun.ts'],
    provide: { realCluster: null, motoURL: null },
    include: ['test/programs/**/*.test.ts'],
  },
});
