import { defineConfig } from 'vitest/config';
import { COMPILE_CACHE } from './dev/stack/compileCache.ts';

// The searches of `npm test`, with more states of the model other histories of the simulator, and each field of a forged status.
export default defineConfig({
  test: {
    pool: 'forks',
    isolate: false,
    setupFiles: ['test/setup/propertySeed.ts'],
    testTimeout: 15 * 60_000,
    include: [
      'test/model/model.test.ts',
      'test/simulator/simulator.test.ts',
      'test/virtual/fleet/forgedStatus.test.ts',
    ],
    env: {
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      MODEL_STATES: process.env.MODEL_STATES ?? '6000',
      FORGERIES: 'all',
      SEEDS: process.env.SEEDS ?? '11-72',
    },
    experimental: { viteModuleRunner: false },
  },
});
