import { expect, test } from 'vitest';
import { conditionOf, decideAt } from '../../../../test/support/workspace/decisions.ts';
import { factsOf, heartbeatOf, launchOf, statusOf } from '../../../../test/support/workspace/facts.ts';
import { entryOf } from '../../fleet/member/entry.ts';

const heard = (row: ReturnType<typeof heartbeatOf>, available = true) => ({
  available,
  ...(available && { since: 0 }),
  massSilence: false,
  launches: [row],
});
const failing = heartbeatOf(1, { trouble: 'CommandFailing' });
const facts = factsOf({ status: statusOf({ launch: launchOf() }), heartbeats: heard(failing) });
const after = (decision: ReturnType<typeof decideAt>) => ({ ...facts.workspace, status: decision.status });

test('a command that fails is shown in Ready and in one event, and nothing else follows from it', () => {
  const fine = decideAt({ ...facts, heartbeats: heard(heartbeatOf(1)) });
  const decision = decideAt({ ...facts, workspace: after(fine) });
  expect(conditionOf(decision, 'Ready')).toMatchObject({ status: 'False', reason: 'CommandFailing' });
  expect(conditionOf(decision, 'Ready').message).toContain('console');
  expect(conditionOf(decision, 'HeartbeatHealthy').status).toBe('True');
  expect(conditionOf(decision, 'Stalled').status).toBe('False');
  expect(decision.events).toMatchObject([{ type: 'Warning', reason: 'CommandFailing' }]);
  expect([decision.effect, decision.status.launch]).toEqual([fine.effect, fine.status.launch]);
  const again = decideAt({ ...facts, workspace: after(decision) });
  expect(again.events).toEqual([]);
  expect(again.status).toEqual(decision.status);
});

test('a Workspace whose command fails counts as available, so that it holds up no other one’s change', () => {
  const entry = entryOf(after(decideAt(facts)));
  expect(entry).toMatchObject({ available: true, counts: true });
  expect(entry.proves.length).toBeGreaterThan(0);
});

test('while heartbeats can not be judged it stays shown; once the command runs it is gone', () => {
  const shown = after(decideAt(facts));
  const blind = decideAt({ ...facts, workspace: shown, heartbeats: heard(failing, false) });
  expect(conditionOf(blind, 'Ready')).toMatchObject({ status: 'False', reason: 'CommandFailing' });
  const fixed = decideAt({ ...facts, workspace: shown, heartbeats: heard(heartbeatOf(1)) });
  expect(conditionOf(fixed, 'Ready')).toMatchObject({ status: 'True', reason: 'Ready' });
});

test('an instance that distrusts the gateway at its first boot is shown as such, and decided on as any that boots', () => {
  const distrusting = { number: 1, alive: false, fresh: false, trouble: 'GatewayDistrusted' } as const;
  const launch = launchOf({ readyAt: undefined, deadline: '2027-01-01T00:00:00.000Z' });
  const booting = factsOf({
    status: statusOf({ launch }),
    heartbeats: heard({ number: 1, alive: false, fresh: false }),
  });
  const [fine, decision] = [decideAt(booting), decideAt({ ...booting, heartbeats: heard(distrusting) })];
  expect(conditionOf(decision, 'Ready').message).toContain('It distrusts the gateway');
  expect(conditionOf(fine, 'Ready').message).not.toContain('distrusts');
  expect([decision.effect, decision.status.launch]).toEqual([fine.effect, fine.status.launch]);
});

test('an instance that distrusts the gateway is shown as such while it is not silent yet, and when it is', () => {
  const distrusting = heartbeatOf(1, { trouble: 'GatewayDistrusted' });
  const decision = decideAt({ ...facts, heartbeats: heard(distrusting) });
  expect(conditionOf(decision, 'Ready')).toMatchObject({ status: 'False', reason: 'GatewayDistrusted' });
  expect(conditionOf(decision, 'Ready').message).toContain('does not stand the gateway’s certificate');
});
