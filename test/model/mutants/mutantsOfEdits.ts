import type { Facts } from '../../../src/reconcilers/workspace/decide/facts/facts.ts';
import { ANY_TIME, launchIn, lying, type Mutant } from './mutant.ts';

/** A launch that waits reads one part of its machine as it is on record, though an edit changed it since. */
function blindTo(part: 'own' | 'class'): Mutant['decide'] {
  return lying((facts) => {
    const recorded = facts.workspace.status?.desired?.machine.split(':');
    const present = facts.machine?.split(':');
    if (launchIn(facts)?.phase !== 'Waiting' || !recorded || !present) return facts;
    const [version, own, ofClass] = present;
    const machine = part === 'own' ? [version, recorded[1], ofClass] : [version, own, recorded[2]];
    return { ...facts, machine: machine.join(':') };
  });
}

function unpaused(facts: Facts): Facts {
  const { workspace } = facts;
  return { ...facts, workspace: { ...workspace, spec: { ...workspace.spec, paused: false } } };
}

/** What people edit, and what EC2 has no room for. */
export const MUTANTS_OF_EDITS: readonly Mutant[] = [
  {
    rule: 'paused',
    flaw: 'a change is carried out although it is paused',
    breaks: /while paused$/,
    ready: true,
    budget: { pauses: 1, edits: 1, ticks: ANY_TIME },
    decide: lying((facts) => (launchIn(facts)?.phase === 'Submitted' ? unpaused(facts) : facts)),
  },
  {
    rule: 'paused',
    flaw: 'a launch that waits is sent although it is paused',
    breaks: /while paused$/,
    ready: true,
    budget: { pauses: 1, restarts: 1 },
    decide: lying((facts) => (launchIn(facts)?.phase === 'Waiting' ? unpaused(facts) : facts)),
  },
  {
    rule: 'edits',
    flaw: 'another type is sent than is on record',
    breaks: /^what is armed/,
    ready: true,
    budget: { types: 2, ticks: ANY_TIME },
    decide: blindTo('own'),
  },
  {
    rule: 'edits',
    flaw: 'it is launched in another class than is on record',
    breaks: /^what is armed/,
    ready: true,
    budget: { restarts: 1, moves: 1, ticks: ANY_TIME },
    decide: blindTo('class'),
  },
  {
    rule: 'edits',
    flaw: 'a launch that follows a closed one is recorded with what was on record before',
    breaks: /^what is armed/,
    ready: true,
    terms: { stopBehavior: 'Terminate' },
    budget: { flips: 2, machines: 1 },
    decide: lying((facts) => ({ ...facts, machineOfNext: facts.machine })),
  },
  {
    rule: 'capacity',
    flaw: 'an instance is ended for a change although no offering has room',
    breaks: /offering is refused$/,
    ready: true,
    budget: { lacks: 1, edits: 1, ticks: ANY_TIME },
    decide: lying((facts) => (launchIn(facts)?.phase === 'Submitted' ? { ...facts, refused: [] } : facts)),
  },
];
