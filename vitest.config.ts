import { availableParallelism } from 'node:os';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';

const CORES = Math.max(2, availableParallelism());

/** What computes: searches of the protocol's states, and the whole operator in virtual time. */
const SEARCHES = ['test/model/**/*.test.ts', 'test/simulator/**/*.test.ts', 'test/virtual/**/*.test.ts'];

/** What mostly waits for real time to pass: scenarios, commands that people type, and the agent under real shells. */
const TIMED = [
  'test/scenarios/**/*.test.ts',
  'test/{demo,dev,canary,mainProcess}.test.ts',
  'src/agent/agent*.test.ts',
];

// Isolation costs a worker a file (9 s against 1 s for nine trivial files, measured); tests here own their state instead.
const common = {
  isolate: false,
  pool: 'forks',
  testTimeout: 120_000,
  hookTimeout: 120_000,
  exclude: ['node_modules/**', 'test/slow/**', 'test/cluster/**'],
  provide: { realCluster: null, motoURL: null },
} as const;

function project(
  name: string,
  groupOrder: number,
  maxWorkers: number,
  files: { include: string[]; exclude?: string[] },
): TestProjectConfiguration {
  const exclude = [...common.exclude, ...(files.exclude ?? [])];
  return { test: { ...common, name, include: files.include, exclude, maxWorkers, sequence: { groupOrder } } };
}

// Groups follow one another, so that what computes takes no time from what watches a clock.
export default defineConfig({
  test: {
    projects: [
      project('fast', 0, CORES, {
        include: ['src/**/*.test.ts', 'dev/**/*.test.ts', 'test/**/*.test.ts'],
        exclude: [...SEARCHES, ...TIMED],
      }),
      project('searches', 0, CORES, { include: SEARCHES }),
      project('timed', 1, 4 * CORES, { include: TIMED }),
    ],
  },
});
