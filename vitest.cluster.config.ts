import { defineConfig } from 'vitest/config';
import { COMPILE_CACHE } from './dev/stack/compileCache.ts';
import { LongestFirst } from './test/setup/longestFirst.ts';

const test = {
  isolate: false,
  pool: 'forks',
  testTimeout: 120_000,
  hookTimeout: 120_000,
  env: { NODE_COMPILE_CACHE: COMPILE_CACHE },
  experimental: { viteModuleRunner: false },
} as const;
const LAST = 'test/cluster/rights/grants.test.ts';

// What needs a real control plane: it is built once (minutes, with Go), then starts in seconds.
export default defineConfig({
  test: {
    globalSetup: ['test/envtest/globalSetup.ts', 'test/setup/postgresOfRun.ts'],
    sequence: { sequencer: LongestFirst },
    projects: [
      // Some of these forget etcd's history, which is everybody's, so nobody else is about.
      {
        test: {
          ...test,
          name: 'contract',
          include: ['test/contract/**/*.test.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 0 },
        },
      },
      // Three at once: each waits most of the time.
      {
        test: {
          ...test,
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts', 'test/scenarios/**/*.test.ts'],
          exclude: [LAST],
          setupFiles: ['test/setup/propertySeed.ts', 'test/setup/reportFailures.ts'],
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      // What the operators of all the others asked for.
      { test: { ...test, name: 'grants', include: [LAST], maxWorkers: 1, sequence: { groupOrder: 2 } } },
    ],
  },
});
