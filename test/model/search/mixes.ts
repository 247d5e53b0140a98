import type { Budget, Terms } from '../world/world.ts';

export interface Mix {
  name: string;
  /** From a launch that is ready, rather than from the beginning. */
  ready?: boolean;
  /** The steps that are taken first, by name. */
  after?: readonly string[];
  budget: Partial<Budget>;
  terms?: Partial<Terms>;
}

/** From one that serves to its replacement for a Secret that was not heard by its deadline. */
export const FAILING = [
  ...['secret edited', 'write', 'a second passes', 'end', 'terminated 1', 'sweep', 'run: accepted', 'write'],
  ...['a second passes', 'a second passes', 'a second passes'],
];

const QUOTAS: Partial<Terms> = {
  stopBehavior: 'Terminate',
  quotas: ['Spot', 'Spot, large types', 'On-Demand', 'the account'],
};

/** What can go wrong together; few kinds at a time, so that each mix is searched deep enough. Time is without end. */
export const MIXES: readonly Mix[] = [
  { name: 'answers are lost and EC2 refuses', budget: { losses: 1, refusals: 1 } },
  { name: 'EC2 refuses for the quota', budget: { refusals: 2 }, terms: { refusal: 'quota' } },
  {
    name: 'another leads, an answer is lost and EC2 refuses',
    budget: { takeovers: 1, losses: 1, refusals: 1 },
  },
  {
    name: 'an answer is lost, and EC2 refuses to repeat it without a look at its token',
    budget: { losses: 1, refusals: 1, deletions: 1 },
    terms: { refusal: 'userFix' },
  },
  {
    name: 'EC2 says "too fast" while the class changes and another leads',
    budget: { throttles: 2, machines: 1, takeovers: 1 },
  },
  { name: 'two leaders come and go during a restart', ready: true, budget: { takeovers: 2, restarts: 1 } },
  { name: 'another leads while a secret changes', ready: true, budget: { takeovers: 1, edits: 1 } },
  {
    name: 'another leads while it is deleted',
    ready: true,
    budget: { takeovers: 1, deletions: 1, losses: 1 },
  },
  {
    name: 'it is deleted at any moment from the beginning',
    budget: { deletions: 1, losses: 1, throttles: 1 },
  },
  { name: 'secrets change while a restart is asked for', ready: true, budget: { edits: 2, restarts: 1 } },
  { name: 'the class changes during the first launch', budget: { machines: 1, losses: 1 } },
  { name: 'an instance ends by itself while a secret changes', ready: true, budget: { ends: 1, edits: 1 } },
  { name: 'an instance ends by itself while it is deleted', ready: true, budget: { ends: 1, deletions: 1 } },
  {
    name: 'EC2 hides an instance during a restart',
    ready: true,
    budget: { hidings: 1, restarts: 1, takeovers: 1 },
  },
  { name: 'EC2 hides instances while it is deleted', ready: true, budget: { hidings: 2, deletions: 1 } },
  { name: 'stopped and started with requests lost', ready: true, budget: { flips: 2, losses: 1 } },
  { name: 'stopped and started with another leader', ready: true, budget: { flips: 2, takeovers: 1 } },
  {
    name: 'secret and class change while it is stopped',
    ready: true,
    budget: { flips: 2, edits: 1, machines: 1 },
  },
  { name: 'stopped, started and deleted', ready: true, budget: { flips: 2, deletions: 1 } },
  { name: 'somebody else stops it', ready: true, budget: { halts: 1, flips: 1, restarts: 1 } },
  {
    name: 'Stopped ends the instance',
    ready: true,
    budget: { flips: 2, restarts: 1 },
    terms: { stopBehavior: 'Terminate' },
  },
  {
    name: 'it falls silent and the evidence goes away',
    ready: true,
    budget: { silences: 1, outages: 1, edits: 1 },
  },
  {
    name: 'it falls silent and another leads',
    ready: true,
    budget: { silences: 1, takeovers: 1, restarts: 1 },
  },
  { name: 'the evidence goes away during a launch', budget: { outages: 1, losses: 1 } },
  { name: 'the status is wiped while requests are late', budget: { wipes: 1, losses: 1 } },
  {
    name: 'the status is wiped, EC2 refused and another leads',
    budget: { wipes: 1, refusals: 1, takeovers: 1 },
  },
  { name: 'the status is wiped while the class changes', ready: true, budget: { wipes: 1, machines: 1 } },
  {
    name: 'the status is wiped during a restart',
    ready: true,
    budget: { wipes: 1, restarts: 1, hidings: 1 },
  },
  { name: 'the status is wiped while it is deleted', ready: true, budget: { wipes: 1, deletions: 1 } },
  { name: 'the status goes back, seen', budget: { restores: 1, losses: 1, refusals: 1 } },
  {
    name: 'the status goes back, seen, while it is deleted',
    ready: true,
    budget: { restores: 1, restarts: 1, deletions: 1 },
  },
  {
    name: 'the status goes back while no process leads',
    budget: { restores: 1, takeovers: 1, refusals: 1 },
    terms: { restoring: 'unseen', lag: false },
  },
  {
    name: 'the status goes back unseen',
    ready: true,
    budget: { restores: 1, restarts: 1, edits: 1 },
    terms: { restoring: 'unseen' },
  },
  { name: 'it waits in line for its first launch, and another leads', budget: { queues: 2, takeovers: 1 } },
  {
    name: 'it waits in line while answers are lost',
    budget: { queues: 1, throttles: 1, losses: 1, refusals: 1 },
  },
  { name: 'it waits in line while a secret changes', ready: true, budget: { queues: 2, edits: 2 } },
  { name: 'it waits in line for a restart', ready: true, budget: { queues: 2, restarts: 2 } },
  { name: 'it waits in line to be stopped and started', ready: true, budget: { queues: 2, flips: 2 } },
  {
    name: 'it waits in line while it is deleted',
    ready: true,
    budget: { queues: 2, restarts: 1, deletions: 1 },
  },
  {
    name: 'it falls silent, and its replacement waits in line',
    ready: true,
    budget: { queues: 2, silences: 1, ends: 1 },
  },
  { name: 'it is paused at any moment of its first launch', budget: { pauses: 2, losses: 1 } },
  { name: 'it is paused while a secret changes', ready: true, budget: { pauses: 2, edits: 1, takeovers: 1 } },
  {
    name: 'it is paused while it is stopped, restarted and deleted',
    ready: true,
    budget: { pauses: 1, flips: 1, restarts: 1, deletions: 1 },
  },
  { name: 'its type changes twice while answers are lost', ready: true, budget: { types: 2, losses: 1 } },
  { name: 'its type and its class change', ready: true, budget: { types: 1, moves: 1, takeovers: 1 } },
  { name: 'it moves there and back while a secret changes', ready: true, budget: { moves: 2, edits: 1 } },
  { name: 'it moves during its first launch', budget: { moves: 1, machines: 1, losses: 1 } },
  {
    name: 'no offering has room while a secret changes and it ends',
    ready: true,
    budget: { lacks: 2, edits: 1, ends: 1 },
  },
  {
    name: 'no offering has room, the type changes and EC2 refuses',
    ready: true,
    budget: { lacks: 1, types: 1, refusals: 1 },
  },
  { name: 'quotas are full at its first launch', budget: { quotas: 2, losses: 1 }, terms: QUOTAS },
  {
    name: 'quotas are full as another leads during a restart',
    ready: true,
    budget: { quotas: 2, restarts: 1, takeovers: 1 },
    terms: QUOTAS,
  },
  {
    name: 'it moves between classes that others fill, as another leads',
    ready: true,
    budget: { moves: 2, crowds: 2, takeovers: 1 },
    terms: { maxInstances: 1 },
  },
  {
    name: 'it moves before its first launch, and others fill the classes',
    budget: { moves: 1, crowds: 2, losses: 1 },
    terms: { maxInstances: 1 },
  },
  {
    name: 'the key of launches is lost while answers are, and another leads',
    budget: { keys: 1, losses: 1, takeovers: 1 },
  },
  {
    name: 'an earlier release leads for a while during its replacement',
    ready: true,
    after: FAILING,
    budget: { downgrades: 1, edits: 1, takeovers: 1, losses: 1 },
  },
  { name: 'an earlier release leads during its first launch', budget: { downgrades: 2, losses: 1 } },
  {
    name: 'its replacement fails while changes come',
    ready: true,
    after: FAILING,
    budget: { edits: 2, restarts: 1, machines: 1 },
  },
  {
    name: 'a launch becomes too old to be repeated',
    budget: { losses: 1, refusals: 1 },
    terms: { replayMaxAgeMs: 1000 },
  },
  {
    name: 'a launch becomes too old to be repeated as another leads',
    budget: { takeovers: 1 },
    terms: { replayMaxAgeMs: 1000 },
  },
];
