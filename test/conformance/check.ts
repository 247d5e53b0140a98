import type { Exchange } from './exchange.ts';
import { type Stage, Violation } from './stage.ts';

/** One rule of docs/agent-protocol.md, and how it is tried. */
export interface Check {
  /** Names the rule in reports, and is stable. */
  id: string;
  /** What an agent must do, as a sentence. */
  rule: string;
  /** @throws Violation where the agent does something else. */
  play(stage: Stage): Promise<void>;
}

/** The time between two exchanges may be shorter by this much than the wait that was asked for: clocks, and rounding. */
const SLACK_MS = 100;

export function mustBe(holds: boolean, what: string): void {
  if (!holds) throw new Violation(what);
}

/** The second came no sooner after the first was answered than it was asked to. */
export function mustWait(first: Exchange, second: Exchange, seconds: number, what: string): void {
  const waited = second.at - (first.answeredAt ?? first.at);
  mustBe(
    waited >= 1_000 * seconds - SLACK_MS,
    `${what}: it came after ${(waited / 1_000).toFixed(1)} s, and ${seconds} s were to pass`,
  );
}

export const bearerOf = ({ headers }: Exchange) => /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];

const OPTIONAL = ['agent', 'trouble', 'url', 'activeTasks', 'ca', 'interruption.action', 'interruption.at'];
export const optionalIn = ({ fields }: Exchange) => OPTIONAL.filter((name) => fields.has(name));

/** The first heartbeat that the gateway took. */
export function firstHeartbeat(stage: Stage): Promise<Exchange> {
  return heartbeats(stage, 1).then(([first]) => first as Exchange);
}

/** Waits for this number of heartbeats that got an answer, of any kind. */
export async function heartbeats(stage: Stage, count: number): Promise<Exchange[]> {
  return stage.until(`heartbeat ${count} of the launch`, () => {
    const answered = stage.heartbeats().filter(({ answeredAt }) => answeredAt !== undefined);
    return answered.length >= count && answered.slice(0, count);
  });
}

/** What must hold of any agent at any time, judged by all that it sent. */
export function judgeAll(stage: Stage): void {
  const { exchanges } = stage.gateway;
  for (const { method, path, status = 0, isGateways, answer } of exchanges)
    if (isGateways && [400, 404, 405, 408, 413, 415].includes(status))
      throw new Violation(`the gateway refused ${method} ${path} with ${status} ${answer.get('code') ?? ''}`);
  let last: readonly [number, number] = [0, 0];
  for (const { fields } of stage.heartbeats()) {
    const pair = [Number(fields.get('boot')), Number(fields.get('seq'))] as const;
    mustBe(
      pair[0] > last[0] || (pair[0] === last[0] && pair[1] > last[1]),
      `a heartbeat said boot ${pair[0]}, seq ${pair[1]} after boot ${last[0]}, seq ${last[1]}`,
    );
    last = pair;
  }
}
