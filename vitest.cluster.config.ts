import { defineConfig } from 'vitest/config';

const test = { isolate: false, pool: 'forks', testTimeout: 120_000, hookTimeout: 120_000 } as const;
const LAST = 'test/cluster/grants.test.ts';

// What needs a real control plane: it is built once (minutes, with Go), then starts in seconds.
export default defineConfig({
  test: {
    fileParallelism: false,
    globalSetup: ['test/envtest/globalSetup.ts'],
    projects: [
      {
        test: {
          ...test,
          name: 'cluster',
          include: ['test/contract/**/*.test.ts', 'test/cluster/**/*.test.ts', 'test/scenarios/**/*.test.ts'],
          exclude: [LAST],
          sequence: { groupOrder: 0 },
        },
      },
      // What the operators of all the others asked for.
      { test: { ...test, name: 'grants', include: [LAST], sequence: { groupOrder: 1 } } },
    ],
  },
});
