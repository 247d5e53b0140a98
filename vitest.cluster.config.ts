import { defineConfig } from 'vitest/config';

// What needs a real control plane: it is built once (minutes, with Go), then starts in seconds.
export default defineConfig({
  test: {
    isolate: false,
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globalSetup: ['test/envtest/globalSetup.ts'],
    include: ['test/contract/**/*.test.ts', 'test/cluster/**/*.test.ts'],
  },
});
