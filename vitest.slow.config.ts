import { defineConfig } from 'vitest/config';

// The protocol's own intervals, unscaled: minutes, one at a time.
export default defineConfig({
  test: {
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 15 * 60_000,
    hookTimeout: 120_000,
    include: ['test/slow/**/*.test.ts'],
  },
});
