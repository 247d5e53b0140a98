import { Counter, Gauge, type Registry } from 'prom-client';
import { startAtZero } from '../../controller/serve/zero.ts';

/**
 * foreign: names no instance of this cluster. shown: EC2's answers showed it already. asked: EC2 is asked about the instance.
 * unreadable: names an instance of ours and is no event of EC2's.
 */
const OUTCOMES = ['foreign', 'shown', 'asked', 'unreadable'] as const;

export type Outcome = (typeof OUTCOMES)[number];

export interface EventMetrics {
  message(outcome: Outcome): void;
  /** EC2 showed a change that no event reported in time. */
  missed(): void;
  /** `rests` says whether sweeps rest; undefined where another process leads. */
  watchRest(rests: () => boolean | undefined): void;
}

/** Metrics of the queue of EC2's events, where there is one. */
export function createEventMetrics(registry: Registry): EventMetrics {
  const registers = [registry];
  const messages = startAtZero(
    new Counter({
      name: 'workspace_ec2_event_messages_total',
      help: 'Messages from the queue of EC2’s events, by what became of them (foreign, shown, asked, unreadable).',
      labelNames: ['outcome'],
      registers,
    }),
    OUTCOMES.map((outcome) => ({ outcome })),
  );
  const missed = new Counter({
    name: 'workspace_ec2_events_missed_total',
    help: 'Changes of instances that EC2’s answers showed and no event reported within 30 s. Each has sweeps run at their normal interval for ten minutes.',
    registers,
  });
  let rests: () => boolean | undefined = () => undefined;
  new Gauge({
    name: 'workspace_ec2_sweeps_resting',
    help: 'Whether sweeps rest because events report changes (1) or run at their normal interval (0); absent without a queue and where another process leads.',
    registers,
    collect() {
      const now = rests();
      if (now === undefined) this.remove();
      else this.set(now ? 1 : 0);
    },
  });
  return {
    message: (outcome) => messages.inc({ outcome }),
    missed: () => missed.inc(),
    watchRest(watched) {
      rests = watched;
    },
  };
}
