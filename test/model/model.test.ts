import { describe, expect, test } from 'vitest';
import { readyWorld, search } from './search.ts';
import type { Budget } from './world.ts';

const quiet: Budget = {
  ticks: 5,
  crashes: 0,
  losses: 0,
  refusals: 0,
  edits: 0,
  restarts: 0,
  ends: 0,
  deletions: 0,
  takeovers: 0,
  hidings: 0,
  overdue: 0,
};

/** Enough to pass the depth at which the protocol's known counterexamples lie; `npm run test:slow` goes further. */
const MOST_STATES = Number(process.env.MODEL_STATES ?? 6_000);

describe('S1, S2, S4, S6, S8, S11 and S12 hold in every state', () => {
  const cases: [string, Partial<Budget>][] = [
    ['left alone', {}],
    ['when answers are lost and requests land late', { losses: 1, ticks: 4 }],
    ['when EC2 refuses after an answer was lost', { losses: 1, refusals: 1, ticks: 4 }],
    ['when the controller crashes anywhere', { crashes: 1, ticks: 3 }],
    ['when a secret changes at any moment', { edits: 1, ticks: 4 }],
    ['when a person asks for a restart and a secret changes', { edits: 1, restarts: 1, ticks: 3 }],
    ['when an instance ends by itself', { ends: 1, ticks: 4 }],
    ['when the Workspace is deleted and a request is lost', { deletions: 1, losses: 1, ticks: 3 }],
  ];
  test.each(cases)('%s', (_name, extra) => {
    const result = search({ ...quiet, ...extra }, MOST_STATES);
    expect(result.violation).toBeUndefined();
    expect(result.reached.numbers).toBeGreaterThan(0);
    expect(result.states).toBeGreaterThan(1000);
  });
});

describe('they hold from a launch that is ready', () => {
  const cases: [string, Partial<Budget>][] = [
    ['when another leads at any moment and a secret changes', { takeovers: 1, edits: 1, ticks: 3 }],
    ['when another leads, and EC2 refuses', { takeovers: 1, restarts: 1, refusals: 1, ticks: 3 }],
    ['when another leads, and an answer is lost', { takeovers: 1, restarts: 1, losses: 1, ticks: 3 }],
    ['when another leads as the Workspace is deleted', { takeovers: 1, deletions: 1, ticks: 3 }],
    ['when an instance is not shown for a while', { hidings: 1, restarts: 1, ticks: 4 }],
    ['when an instance is not shown and another leads', { hidings: 1, takeovers: 1, restarts: 1, ticks: 3 }],
  ];
  test.each(cases)('%s', (_name, extra) => {
    const budget = { ...quiet, ...extra };
    const result = search(budget, MOST_STATES, readyWorld(budget));
    expect(result.violation).toBeUndefined();
    expect(result.states).toBeGreaterThan(1000);
  });
});

test('left alone, every reachable state is searched, and a launch becomes ready', () => {
  const result = search({ ...quiet, ticks: 6 }, 1_000_000);
  expect(result.complete).toBe(true);
  expect(result.reached.ready).toBeGreaterThan(0);
  expect(result.reached.numbers).toBe(2);
});

test('a request that lands later than T_late is found to break S1: the search can fail', () => {
  const result = search({ ...quiet, losses: 1, refusals: 1, ticks: 4, overdue: 1 }, 200_000);
  expect(result.violation?.law).toMatch(/^S1/);
});

test('an instance that EC2 hides for longer than T_vis is found to break S1', () => {
  const result = search({ ...quiet, hidings: 1, ticks: 4, overdue: 1 }, 40_000);
  expect(result.violation?.law).toMatch(/^S1/);
});
