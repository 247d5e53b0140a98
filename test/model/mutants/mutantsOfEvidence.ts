import { plus } from '../../../src/controller/lib/time.ts';
import { decide } from '../../../src/reconcilers/workspace/decide/decide.ts';
import { timing } from '../world/timing.ts';
import {
  ANY_TIME,
  inDoubt,
  isDeleting,
  launchIn,
  lying,
  type Mutant,
  sweptAtOnce,
  withInstances,
  withProcess,
  withStatus,
} from './mutant.ts';

/** Rules 4 to 6: what absence, a lost status and a heartbeat prove, when it is let go, and what was spent. */
export const MUTANTS_OF_EVIDENCE: readonly Mutant[] = [
  {
    rule: '4',
    flaw: 'one NotFound is proof',
    breaks: /^S5/,
    budget: { hidings: 1 },
    decide: lying((facts) =>
      withInstances(facts, (it) =>
        it.notFound
          ? {
              ...it,
              notFound: {
                firstAt: plus(it.notFound.lastAt, -timing.visibilityMs),
                lastAt: it.notFound.lastAt,
              },
            }
          : it,
      ),
    ),
  },
  {
    rule: '4',
    flaw: 'a wiped status is written again at once',
    breaks: /^S1/,
    budget: { refusals: 1, wipes: 1, takeovers: 1, ticks: 2 },
    decide: lying((facts) =>
      launchIn(facts)
        ? facts
        : withProcess(
            { ...facts, sweptAt: facts.sweptAt && plus(facts.sweptAt, 2 * timing.visibilityMs) },
            {},
          ),
    ),
  },
  {
    rule: '4',
    flaw: 'that the status went back is not noticed',
    breaks: /^S1/,
    budget: { restores: 1, refusals: 1, losses: 1 },
    decide: lying((facts) => (launchIn(facts) ? withProcess(facts, { suspectSince: undefined }) : facts)),
  },
  {
    rule: '4',
    flaw: 'a number above ours is not heeded',
    breaks: /^S1/,
    budget: { restores: 1, refusals: 1, takeovers: 1 },
    terms: { restoring: 'unseen', lag: false },
    decide: lying((facts) => {
      const number = launchIn(facts)?.number;
      if (number === undefined) return facts;
      const blind = withInstances(facts, (it) => (it.number > number ? undefined : it));
      return withProcess(blind, { suspectSince: undefined });
    }),
  },
  {
    rule: '4',
    flaw: 'a new leader launches before it has read one whole sweep',
    breaks: /^S1/,
    budget: { restores: 1, refusals: 1, takeovers: 1 },
    terms: { restoring: 'unseen', lag: false },
    decide: lying((facts) => (isDeleting(facts) ? facts : sweptAtOnce(facts))),
  },
  {
    rule: '5',
    flaw: 'a new leader lets go before it has read one whole sweep',
    breaks: /^S4/,
    budget: { restores: 1, deletions: 1, takeovers: 1 },
    terms: { restoring: 'unseen', lag: false },
    decide: lying((facts) => (isDeleting(facts) ? sweptAtOnce(facts) : facts)),
  },
  {
    rule: '5',
    flaw: 'the finalizer goes while a launch is in doubt',
    breaks: /^S4/,
    budget: { losses: 1, deletions: 1 },
    decide: lying((facts) => {
      const launch = launchIn(facts);
      if (!launch || !isDeleting(facts) || !inDoubt(facts)) return facts;
      return withStatus(facts, { launch: { ...launch, phase: 'Closed' } });
    }),
  },
  {
    rule: '5',
    flaw: 'the finalizer goes while an instance shuts down',
    breaks: /^S4/,
    ready: true,
    budget: { deletions: 1 },
    decide: lying((facts) =>
      withInstances(facts, (it) =>
        it.state === 'shutting-down' && isDeleting(facts) ? { ...it, state: 'terminated' } : it,
      ),
    ),
  },
  {
    rule: '5',
    flaw: 'one NotFound lets go',
    breaks: /^S4/,
    ready: true,
    budget: { deletions: 1, hidings: 1 },
    decide: lying((facts) =>
      withInstances(facts, (it) => (it.notFound && isDeleting(facts) ? { ...it, state: 'terminated' } : it)),
    ),
  },
  {
    rule: '6',
    flaw: 'a request is not recorded as answered',
    breaks: /^S6/,
    ready: true,
    budget: { restarts: 1, ticks: ANY_TIME },
    decide: (facts, now) => {
      const decision = decide(facts, now);
      return { ...decision, status: { ...decision.status, handled: {} } };
    },
  },
  {
    rule: '6',
    flaw: 'a change supersedes a launch that progresses',
    breaks: /^S11/,
    budget: { edits: 1, ticks: 2 },
    decide: lying((facts) => {
      const launch = launchIn(facts);
      if (!launch || inDoubt(facts)) return facts;
      return withStatus(facts, { launch: { ...launch, deadline: new Date(0).toISOString() } });
    }),
  },
  {
    rule: 'evidence',
    flaw: 'an old launch’s heartbeat speaks for the new one',
    breaks: /^S7/,
    ready: true,
    budget: { restarts: 1 },
    decide: lying((facts) => {
      const number = launchIn(facts)?.number ?? 0;
      const launches = facts.heartbeats.launches.map((row) => ({ ...row, number }));
      return { ...facts, heartbeats: { ...facts.heartbeats, launches } };
    }),
  },
  {
    rule: 'evidence',
    flaw: 'after a start an earlier boot’s heartbeat counts',
    breaks: /^S7/,
    ready: true,
    budget: { flips: 2, ticks: ANY_TIME },
    decide: lying((facts) => {
      const launch = launchIn(facts);
      return launch?.after ? withStatus(facts, { launch: { ...launch, after: undefined } }) : facts;
    }),
  },
];
