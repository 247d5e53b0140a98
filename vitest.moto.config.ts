import { defineConfig } from 'vitest/config';

// What holds of EC2, asked of the embedded one and of moto, which Python runs (installed once, a minute).
export default defineConfig({
  test: {
    isolate: false,
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    globalSetup: ['test/moto/globalSetup.ts'],
    include: ['test/ec2Contract/**/*.test.ts'],
  },
});
