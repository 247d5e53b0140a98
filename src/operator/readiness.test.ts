import { describe, expect, test } from 'vitest';
import { monoMs } from '../../test/support/base/moments.ts';
import { createVirtualClock } from '../../test/support/base/virtualClock.ts';
import type { HealthAnswer } from '../controller/serve/health.ts';
import { type Parts, readinessChecks } from './readiness.ts';

const LISTED = { waitsFor: () => [], unwatched: () => [] };
const REACHED = { reached: true, failure: undefined };
const leads = { held: () => true, holder: () => 'me', heardAt: () => monoMs(0) };

/** What each check says that does not simply pass. */
async function asked(role: 'all' | 'controller' | 'gateway', parts: Partial<Parts>, agoMs = 0) {
  const clock = createVirtualClock({ monotonic: agoMs });
  const checks = readinessChecks({
    role,
    parts: () => ({ isStopping: false, ...parts }),
    files: { tls: undefined },
    silentAfterMs: 30_000,
    clock,
  });
  const answers = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await check()] as const),
  );
  const of = (is: (answer: HealthAnswer) => boolean) =>
    Object.fromEntries(answers.filter(([, answer]) => is(answer)));
  return {
    failing: of((answer) => typeof answer === 'string'),
    notes: of((answer) => typeof answer === 'object' && answer.note !== ''),
  };
}

describe('a gateway', () => {
  const whole = { cluster: LISTED, database: REACHED, gatewayURL: 'https://0.0.0.0:8443' };

  test('is not ready before its caches, the database and its port are there, and says which are missing', async () => {
    expect((await asked('gateway', {})).failing).toEqual({
      caches: expect.stringContaining('the API server has not answered yet'),
      database: 'it has not answered yet',
      listening: 'the gateway does not listen yet',
    });
    const waiting = { ...LISTED, waitsFor: () => ['workspaces', 'namespace team-a'] };
    const failure = 'could not read: the database answered ECONNREFUSED';
    const { failing } = await asked('gateway', {
      ...whole,
      cluster: waiting,
      database: { reached: false, failure },
    });
    expect(failing).toEqual({ caches: 'not listed yet: workspaces, namespace team-a', database: failure });
    expect((await asked('gateway', whole)).failing).toEqual({});
  });

  test('stays ready when the database goes away, as all gateways would leave their Service at once', async () => {
    const { failing, notes } = await asked('gateway', {
      ...whole,
      database: { reached: true, failure: 'ECONNRESET' },
    });
    expect(failing).toEqual({});
    expect(notes.database).toEqual({ note: 'away just now: ECONNRESET' });
  });

  test('stays ready with a namespace of its list that is refused, and says so', async () => {
    const unwatched = () => [{ namespace: 'team-b', why: '403 Forbidden' }];
    const { failing, notes } = await asked('gateway', { ...whole, cluster: { ...LISTED, unwatched } });
    expect(failing).toEqual({});
    expect(notes.namespaces).toEqual({ note: 'team-b is not served: 403 Forbidden' });
  });
});

describe('a controller', () => {
  const whole = { cluster: LISTED, database: REACHED, elector: leads };

  test('is ready while it leads or stands by, and the API server answers', async () => {
    expect(await asked('controller', whole)).toEqual({
      failing: {},
      notes: { leadership: { note: 'leading' } },
    });
    const standby = { ...leads, held: () => false, holder: () => 'another' };
    expect((await asked('controller', { ...whole, elector: standby })).notes.leadership).toEqual({
      note: 'standing by; another leads',
    });
    expect((await asked('controller', whole, 31_000)).failing).toEqual({
      leadership: 'the API server last answered 31 s ago',
    });
    const unheard = { ...leads, heardAt: () => undefined };
    expect(Object.keys((await asked('controller', { ...whole, elector: unheard })).failing)).toEqual([
      'leadership',
    ]);
  });

  test('is ready without a database, as it then only holds still', async () => {
    const { failing } = await asked('controller', {
      ...whole,
      database: { reached: false, failure: 'ECONNREFUSED' },
    });
    expect(failing).toEqual({});
  });
});

test('a process that stops is not ready', async () => {
  const whole = { cluster: LISTED, database: REACHED, elector: leads, gatewayURL: 'http://127.0.0.1:1' };
  expect((await asked('all', { ...whole, isStopping: true })).failing).toEqual({ process: 'it is stopping' });
});
