import { defineConfig } from 'vitest/config';

// Tests that fail on purpose: test/scenarios/failing/failures.test.ts runs them to see what they print.
export default defineConfig({
  test: {
    include: ['test/scenarios/failing/*.failing.ts'],
    setupFiles: ['test/setup/reportFailures.ts'],
    env: { SCENARIO_WAIT_MS: '100' },
    cache: false,
  },
});
