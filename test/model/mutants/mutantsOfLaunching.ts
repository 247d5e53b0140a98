import { FINALIZER } from '../../../src/api/base/meta.ts';
import { msBetween, plus } from '../../../src/controller/lib/time.ts';
import { decide } from '../../../src/reconcilers/workspace/decide/decide.ts';
import { monoMs } from '../../support/base/moments.ts';
import { timing } from '../world/timing.ts';
import {
  ANY_TIME,
  blindToPredecessors,
  inDoubt,
  launchIn,
  lying,
  type Mutant,
  withAnswer,
  withMetadata,
  withProcess,
  withStatus,
} from './mutant.ts';

/** Rules 1 to 3: how a launch is made and what it supersedes. */
export const MUTANTS_OF_LAUNCHING: readonly Mutant[] = [
  {
    rule: '1',
    flaw: 'an effect is performed although the write before it was refused',
    breaks: /^S4/,
    budget: { takeovers: 1, deletions: 1 },
    terms: { sendsAfterConflict: true },
  },
  {
    rule: '1',
    flaw: 'a launch comes before the finalizer',
    breaks: /^S4/,
    budget: { ticks: ANY_TIME, deletions: 1 },
    decide: lying((facts) =>
      withProcess(withMetadata(facts, { finalizers: [FINALIZER] }), {
        suspectSince: launchIn(facts) ? undefined : monoMs(0),
      }),
    ),
  },
  {
    rule: '1',
    flaw: 'a new leader sends without having written the status once',
    breaks: /^S/,
    budget: { takeovers: 1, losses: 1, refusals: 1 },
    decide: lying((facts) => withProcess(facts, { wrote: true })),
  },
  {
    rule: '1',
    flaw: 'a launch is armed while its predecessor is not proven gone',
    breaks: /^S1/,
    ready: true,
    budget: { restarts: 1 },
    decide: lying((facts) => {
      if (launchIn(facts)?.phase !== 'Waiting') return facts;
      return withStatus(blindToPredecessors(facts), { terminating: undefined });
    }),
  },
  {
    rule: '1',
    flaw: 'a launch is armed while it waits in line',
    breaks: /before its turn/,
    budget: { queues: 1 },
    decide: lying((facts) => ({ ...facts, line: { inMs: 0, ahead: 0 } })),
  },
  {
    rule: '1',
    flaw: 'an instance is ended for a change although its successor waits in line',
    breaks: /before its successor’s turn/,
    ready: true,
    budget: { queues: 1, edits: 1, ticks: ANY_TIME },
    decide: lying((facts) =>
      launchIn(facts)?.phase === 'Submitted' ? { ...facts, line: { inMs: 0, ahead: 0 } } : facts,
    ),
  },
  {
    rule: '1',
    flaw: 'a launch does not wait for predecessors that only EC2 shows',
    breaks: /^S1: nothing is armed beside/,
    after: ['add finalizer', 'sweep', 'run: on its way'],
    budget: { ticks: 4, losses: 1, refusals: 1, ends: 1 },
    terms: { overdue: true, refusal: 'quota' },
    misled: true,
    decide: lying(blindToPredecessors),
  },
  {
    rule: '1',
    flaw: 'deletion does not close a launch that waits',
    breaks: /^S8/,
    ready: true,
    budget: { restarts: 1, deletions: 1 },
    decide: lying((facts) =>
      launchIn(facts)?.phase === 'Waiting' ? withMetadata(facts, { deletionTimestamp: undefined }) : facts,
    ),
  },
  {
    rule: '1',
    flaw: 'Stopped does not close a launch that waits',
    breaks: /while Stopped$/,
    ready: true,
    budget: { restarts: 1, flips: 1 },
    decide: lying((facts) => {
      if (launchIn(facts)?.phase !== 'Waiting') return facts;
      const { workspace } = facts;
      return { ...facts, workspace: { ...workspace, spec: { ...workspace.spec, operatingMode: 'Running' } } };
    }),
  },
  {
    rule: '2',
    flaw: 'a replay takes what the class says by then',
    breaks: /^S12/,
    budget: { losses: 1, machines: 1 },
    decide: (facts, now) => {
      const decision = decide(facts, now);
      const { launch } = decision.status;
      if (decision.effect?.kind !== 'RunInstances' || !launch?.params || !facts.resolution?.ok)
        return decision;
      const params = { ...launch.params, imageID: facts.resolution.images[0]?.id ?? '' };
      return { ...decision, status: { ...decision.status, launch: { ...launch, params } } };
    },
  },
  {
    rule: '2',
    flaw: 'a launch in doubt is sent again though its key is lost',
    breaks: /nobody can say are ours$/,
    budget: { losses: 1, keys: 1 },
    decide: lying((facts) => ({ ...facts, paramsAuthentic: true })),
  },
  {
    rule: '2',
    flaw: 'an ambiguous answer is taken for a refusal',
    breaks: /^S1/,
    budget: { losses: 1 },
    decide: lying((facts) =>
      withAnswer(facts, (answer) =>
        answer.result.kind !== 'ambiguous'
          ? answer
          : { ...answer, result: { kind: 'refused', class: 'capacity', code: 'C', message: '' } },
      ),
    ),
  },
  {
    rule: '2',
    flaw: 'every refusal is definite',
    breaks: /^S1/,
    budget: { losses: 1, refusals: 1 },
    decide: lying((facts) => withAnswer(facts, (answer) => ({ ...answer, firstSend: true }))),
  },
  {
    rule: '2',
    flaw: 'a repeated request that is put off counts as if none had been sent',
    breaks: /^S4/,
    after: ['add finalizer', 'sweep', 'run: answer lost'],
    budget: { ticks: ANY_TIME, losses: 1, throttles: 1, deletions: 1 },
    decide: lying((facts) =>
      withAnswer(facts, (answer) => {
        const isLast = msBetween(answer.quietSince, answer.sentAt) >= timing.lateMs;
        return answer.result.kind === 'throttled' && isLast ? { ...answer, firstSend: true } : answer;
      }),
    ),
  },
  {
    rule: '2',
    flaw: 'a refusal without a look at the token counts for what was sent before',
    breaks: /^S5/,
    after: ['add finalizer', 'sweep', 'run: answer lost'],
    budget: { ticks: ANY_TIME, losses: 1, refusals: 1 },
    terms: { refusal: 'userFix' },
    decide: lying((facts) =>
      withAnswer(facts, (answer) =>
        answer.result.kind === 'refused'
          ? { ...answer, result: { ...answer.result, class: 'quota' } }
          : answer,
      ),
    ),
  },
  {
    rule: '2',
    flaw: 'what can not be repeated is given up before T_vis has passed',
    breaks: /^S5/,
    budget: { ticks: ANY_TIME, losses: 1 },
    terms: { replayMaxAgeMs: 1000 },
    decide: lying((facts) => ({
      ...facts,
      sweptAt: facts.sweptAt === undefined ? undefined : plus(facts.sweptAt, timing.visibilityMs),
    })),
  },
  {
    rule: '2',
    flaw: 'a restart supersedes a launch in doubt',
    breaks: /^S1/,
    budget: { losses: 1, restarts: 1 },
    decide: lying((facts) => {
      const launch = launchIn(facts);
      const { restart } = facts.workspace.spec.requests;
      if (!launch || !inDoubt(facts) || !restart || facts.workspace.status?.handled?.restart === restart)
        return facts;
      return withStatus(facts, {
        launch: { ...launch, ended: { outcome: 'Refused', at: launch.submittedAt ?? '' } },
      });
    }),
  },
  {
    rule: '3',
    flaw: 'the old instance is ended before the new number is on record',
    breaks: /^S3/,
    ready: true,
    budget: { restarts: 1 },
    decide: (facts, now) => {
      const decision = decide(facts, now);
      const id = launchIn(facts)?.instanceID;
      if (decision.status.launch?.phase !== 'Waiting' || id === undefined || !facts.workspace.status)
        return decision;
      return {
        ...decision,
        status: facts.workspace.status,
        effect: { kind: 'TerminateInstances', ids: [id] },
      };
    },
  },
];
