import { namesOf } from '../../../src/api/base/table.ts';
import { READY_REASONS } from '../../../src/api/reasons/reasons.ts';
import { ERRORS } from '../../../src/gateway/base/errors.ts';
import { AVAILABILITY_REASONS } from '../../../src/gateway/heartbeats/availability.ts';
import { code, table } from './markdown.ts';

/** Region of docs/agent-protocol.md: every error that the gateway answers with. */
export function errorsTable(): string {
  const rows = Object.entries(ERRORS).map(([name, [status, message]]) => [
    String(status),
    code(name),
    message,
  ]);
  return table(['status', 'code', 'message'], rows);
}

/** Region of docs/agent-protocol.md: what pollers read of a Workspace. */
export function availabilityTable(): string {
  const blockers = Object.entries(READY_REASONS).filter(([, { whileDown }]) => whileDown === 'Dead');
  const all = {
    ...AVAILABILITY_REASONS,
    Dead: [...AVAILABILITY_REASONS.Dead, ...blockers.map(([reason]) => reason)],
  };
  const meanings: Readonly<Record<keyof typeof all, string>> = {
    Ready: 'running and heartbeating; `url` is there if the agent reports one',
    Restarting: 'not there now, and being brought up; `Retry-After` says when to ask again',
    Unknown: 'can’t be judged now, so not dead',
    Dead: 'not there, and not coming back without a person',
  };
  return table(
    ['availability', 'meaning', 'reasons'],
    namesOf(all).map((word) => [code(word), meanings[word], all[word].map(code).join(', ')]),
  );
}
