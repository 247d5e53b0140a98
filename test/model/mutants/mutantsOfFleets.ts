import { decide } from '../../../src/reconcilers/workspace/decide/decide.ts';
import type { Facts } from '../../../src/reconcilers/workspace/decide/facts/facts.ts';
import { FAILING } from '../search/mixes.ts';
import { ANY_TIME, launchIn, lying, type Mutant } from './mutant.ts';

type Status = ReturnType<typeof decide>['status'];

/** What is decided, but for what is then written. */
function writing(change: (status: Status, facts: Facts) => Partial<Status>): Mutant['decide'] {
  return (facts, now) => {
    const decision = decide(facts, now);
    return { ...decision, status: { ...decision.status, ...change(decision.status, facts) } };
  };
}

const QUOTAS = { stopBehavior: 'Terminate', quotas: ['Spot', 'On-Demand'] } as const;

/** What a Workspace owes to others: what EC2 refuses them all, room in a class, and what its failures say. */
export const MUTANTS_OF_FLEETS: readonly Mutant[] = [
  {
    rule: 'refusals',
    flaw: 'what EC2 refused is asked for again at once',
    breaks: /known to refuse it$/,
    budget: { quotas: 1 },
    terms: QUOTAS,
    decide: lying((facts) => ({ ...facts, refused: [] })),
  },
  {
    rule: 'refusals',
    flaw: 'a refusal is taken to speak of every offering',
    breaks: /^left alone/,
    alone: true,
    budget: { quotas: 1, ticks: ANY_TIME },
    terms: QUOTAS,
    decide: lying((facts) => ({ ...facts, refused: facts.refused.map((it) => ({ ...it, scope: {} })) })),
  },
  {
    rule: 'refusals',
    flaw: 'what serves is ended for a restart though every offering is refused',
    breaks: /offering is refused$/,
    ready: true,
    budget: { quotas: 1, restarts: 1 },
    terms: { stopBehavior: 'Terminate', quotas: ['the account'] },
    decide: lying((facts) => (launchIn(facts)?.phase === 'Submitted' ? { ...facts, refused: [] } : facts)),
  },
  {
    rule: 'refusals',
    flaw: 'a new leader does not read what statuses say of refusals',
    breaks: /offering is refused$/,
    ready: true,
    budget: { quotas: 2, restarts: 1, takeovers: 1 },
    terms: { ...QUOTAS, forgetsRefusals: true },
  },
  {
    rule: 'room',
    flaw: 'room is free before the old instance is gone',
    breaks: /until it is gone$/,
    ready: true,
    budget: { moves: 1, ticks: ANY_TIME },
    terms: { maxInstances: 1 },
    decide: writing(({ room }) => (room ? { room: { ...room, classes: room.classes.slice(-1) } } : {})),
  },
  {
    rule: 'room',
    flaw: 'it moves into a class that has no room',
    breaks: /only where there is room$/,
    ready: true,
    budget: { moves: 1, crowds: 1 },
    terms: { maxInstances: 1 },
    decide: lying(({ move, fleet, ...facts }) => ({
      ...facts,
      fleet,
      move: move && { ...move, room: { ...move.room, taken: 0 } },
    })),
  },
  {
    rule: 'room',
    flaw: 'it is launched in a class that has no room',
    breaks: /only where there is room$/,
    budget: { crowds: 1 },
    terms: { maxInstances: 1 },
    decide: lying(({ fleet, ...facts }) => ({
      ...facts,
      fleet: { ...fleet, room: { ...fleet.room, taken: 0 } },
    })),
  },
  {
    rule: 'replacement',
    flaw: 'a successor hides that the launch before it failed',
    breaks: /is recorded as failed$/,
    ready: true,
    after: FAILING,
    budget: { edits: 1, restarts: 1, ticks: ANY_TIME },
    decide: writing(({ launch, replacement }, facts) =>
      launch?.phase === 'Waiting' && launch.number > (launchIn(facts)?.number ?? 0) && replacement
        ? { replacement: { ...replacement, failures: undefined } }
        : {},
    ),
  },
  {
    rule: 'replacement',
    flaw: 'its failures are forgotten as the next launch is sent',
    breaks: /stays on record until/,
    ready: true,
    after: FAILING,
    budget: { edits: 1, restarts: 1, ticks: ANY_TIME },
    decide: writing(({ launch, replacement }) =>
      launch?.phase === 'Submitted' && replacement
        ? { replacement: { ...replacement, failures: undefined } }
        : {},
    ),
  },
];
