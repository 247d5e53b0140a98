import { defineConfig } from 'vitest/config';

// The protocol's own intervals, unscaled, and a longer search of the model: minutes, one at a time.
export default defineConfig({
  test: {
    pool: 'forks',
    fileParallelism: false,
    setupFiles: ['test/setup/propertySeed.ts', 'test/setup/reportFailures.ts'],
    globalSetup: ['test/setup/postgresOfRun.ts'],
    testTimeout: 15 * 60_000,
    hookTimeout: 120_000,
    include: ['test/slow/**/*.test.ts', 'test/model/**/*.test.ts', 'test/simulator/**/*.test.ts'],
    env: {
      SCENARIO_WAIT_MS: '600000',
      MODEL_STATES: process.env.MODEL_STATES ?? '30000',
      SEEDS: process.env.SEEDS ?? '300',
    },
  },
});
