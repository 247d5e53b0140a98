import { availableParallelism } from 'node:os';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { COMPILE_CACHE } from './dev/stack/compileCache.ts';
import { LongestFirst } from './test/setup/longestFirst.ts';

const CORES = Math.max(2, availableParallelism());

/** What computes: searches of the protocol's states, and the whole operator in virtual time. */
const VIRTUAL = ['test/{model,simulator,virtual,frozen}/**/*.test.ts'];

/** What mostly waits for real time to pass: scenarios, and programs as people run them. */
const TIMED = [
  'test/scenarios/**/*.test.ts',
  'test/commands/{demo,dev,canary,mainProcess}.test.ts',
  'test/rights.test.ts',
  'test/doctor/*.test.ts',
  'test/plugin/{plugin,doctor,canary,krew,dashboard}.test.ts',
  'test/callers/*.test.ts',
  'src/plugin/dashboard/server.test.ts',
  'test/kubectl/live.test.ts',
  'dev/postgres/*.test.ts',
  'test/newcomer/*.test.ts',
  'src/agent/agent*.test.ts',
  'dev/instances/shell*.test.ts',
  'test/contract/watches.test.ts',
  'src/gateway/http/connections.test.ts',
  'src/gateway/routes/{everyRoute,neighbours}.test.ts',
  'src/gateway/polls/{list,watch}.test.ts',
  'src/gateway/rawRequests.test.ts',
  'src/gateway/routes/environments.test.ts',
  'src/gateway/store/{databaseClient,pooler,postgresStore}.test.ts',
  'src/config/liveFiles.test.ts',
  'dev/apiserver/transport/transports.test.ts',
  'dev/ec2/exchange/faults.test.ts',
  'dev/instances/lightRuntime.test.ts',
];

// Isolation costs a worker a file (9 s against 1 s for nine trivial files, measured); tests here own their state instead.
const common = {
  isolate: false,
  pool: 'forks',
  testTimeout: 120_000,
  hookTimeout: 120_000,
  exclude: [
    'node_modules/**',
    'test/slow/**',
    'test/cluster/**',
    'test/iam/cfnLint.test.ts',
    'test/install/**',
    'test/pooler/**',
    'test/programs/**',
  ],
  provide: { realCluster: null, motoURL: null },
  env: { NODE_COMPILE_CACHE: COMPILE_CACHE },
  // Node runs the TypeScript as it is, as in production; Vite would transform each file for each of three projects.
  experimental: { viteModuleRunner: false },
} as const;

function project(
  name: string,
  groupOrder: number,
  maxWorkers: number,
  {
    include,
    exclude = [],
    setupFiles = [],
  }: { include: string[]; exclude?: string[]; setupFiles?: string[] },
): TestProjectConfiguration {
  return {
    test: {
      ...common,
      name,
      include,
      exclude: [...common.exclude, ...exclude],
      setupFiles: ['test/setup/propertySeed.ts', ...setupFiles],
      maxWorkers,
      sequence: { groupOrder },
    },
  };
}

// Groups follow one another, so that what computes takes no time from what watches a clock.
export default defineConfig({
  test: {
    globalSetup: ['test/setup/postgresOfRun.ts'],
    sequence: { sequencer: LongestFirst },
    projects: [
      project('fast', 0, CORES, {
        include: ['{src,dev,test}/**/*.test.ts'],
        exclude: [...VIRTUAL, ...TIMED],
      }),
      project('virtual', 0, CORES, { include: VIRTUAL }),
      project('timed', 1, 4 * CORES, {
        include: TIMED,
        setupFiles: ['test/setup/reportFailures.ts'],
      }),
    ],
  },
});
