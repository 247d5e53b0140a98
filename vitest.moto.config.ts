import { defineConfig } from 'vitest/config';

// What needs a program from elsewhere, fetched once: moto, which is asked what the embedded EC2 is asked, cfn-lint,
// Helm, and PgBouncer.
export default defineConfig({
  test: {
    isolate: false,
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    globalSetup: ['test/moto/globalSetup.ts', 'test/setup/postgresOfRun.ts'],
    include: [
      'test/ec2Contract/**/*.test.ts',
      'test/iam/cfnLint.test.ts',
      'test/install/*.test.ts',
      'test/pooler/*.test.ts',
    ],
  },
});
