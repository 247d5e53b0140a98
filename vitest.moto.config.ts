import { defineConfig } from 'vitest/config';

// What Python runs, installed once, a minute each: moto, which is asked what the embedded EC2 is asked, and cfn-lint.
export default defineConfig({
  test: {
    isolate: false,
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    globalSetup: ['test/moto/globalSetup.ts'],
    include: ['test/ec2Contract/**/*.test.ts', 'test/iam/cfnLint.test.ts'],
  },
});
