import { describe, expect, test } from 'vitest';
import { conditionOf, decideAt, written } from '../../../../test/support/workspace/decisions.ts';
import {
  desiredOf,
  environmentOf,
  factsOf,
  heartbeatOf,
  launchOf,
  MINUTE,
  type Overrides,
  SECOND,
  statusOf,
} from '../../../../test/support/workspace/facts.ts';
import { refusedOf } from '../../../../test/support/workspace/refused.ts';

/** Content `b` is desired as generation 2; the instance of launch 1 holds `a`. */
function outdated(more: Overrides = {}, launch = launchOf()) {
  return factsOf({
    status: statusOf({ desired: desiredOf(2, 'b', { changed: ['ada-env/KEY'] }), launch }),
    environment: environmentOf('b'),
    ...more,
  });
}

describe('validate before destroying: the old instance stays and serves, and UpToDate says why', () => {
  const verdict = (kind: 'quota' | 'userFix' | 'retry', expiresInMs = 30 * SECOND) => {
    const asked = decideAt(outdated());
    if (asked.effect?.kind !== 'DryRun') throw new Error('no dry run was asked for');
    const { fingerprint } = asked.effect;
    const failed = { ok: false as const, class: kind, code: 'Code', message: 'AWS says no.' };
    return outdated({
      process: { validations: [{ fingerprint, verdict: failed, expiresAt: 36_000_000 + expiresInMs }] },
    });
  };

  test.each([
    ['quota', 'QuotaExceeded'],
    ['userFix', 'InvalidConfiguration'],
    ['retry', 'CloudUnavailable'],
  ] as const)('a dry run refused for %s', (kind, reason) => {
    const decision = decideAt(verdict(kind));
    expect(decision.effect).toBeUndefined();
    expect(decision.requeueAfterMs).toBe(30 * SECOND);
    expect(decision.status.launch?.number).toBe(1);
    expect(conditionOf(decision, 'Ready').status).toBe('True');
    expect(conditionOf(decision, 'UpToDate')).toMatchObject({ status: 'False', reason });
    expect(conditionOf(decision, 'UpToDate').message).toContain('AWS says no.');
  });

  test('no gateway or database from which a successor could fetch its environment', () => {
    const decision = decideAt(outdated({ heartbeats: { available: false, launches: [heartbeatOf(1)] } }));
    expect(decision.effect).toBeUndefined();
    expect(decision.requeueAfterMs).toBeGreaterThan(0);
    expect(decision.status.launch?.number).toBe(1);
    expect(conditionOf(decision, 'UpToDate')).toMatchObject({
      status: 'False',
      reason: 'EvidenceUnavailable',
    });
  });

  test('a refusal is asked again once it has expired, and shown until the answer comes', () => {
    const decision = decideAt(verdict('userFix', -1));
    expect(decision.effect?.kind).toBe('DryRun');
    expect(conditionOf(decision, 'UpToDate').reason).toBe('InvalidConfiguration');
  });

  const all = (ms: number) =>
    ['m7i.large', 'm6i.large'].flatMap((instanceType) =>
      ['a', 'b'].map((zone) => refusedOf('InsufficientInstanceCapacity', ms, { instanceType, zone })),
    );

  const blockers: [string, Overrides, string, RegExp][] = [
    ['no capacity anywhere', { refused: all(MINUTE) }, 'CapacityUnavailable', /m7i\.large, m6i\.large/],
    [
      'a missing Secret',
      { environment: { kind: 'Missing', secrets: ['ada-env'] } },
      'SecretMissing',
      /"ada-env".*"default".*create it/,
    ],
    [
      'a missing class',
      { class: undefined, classAllowed: false, machine: undefined },
      'ClassNotFound',
      /"standard".*create it/,
    ],
    [
      'a namespace that the class does not allow',
      { classAllowed: false },
      'ClassNotAllowed',
      /"standard".*"default".*owner/,
    ],
    [
      'a type that the class does not list',
      { spec: { instanceType: 'x1.huge' } },
      'InvalidConfiguration',
      /x1\.huge.*m7i\.large, m6i\.large/,
    ],
    [
      'an image that does not resolve',
      { resolution: { ok: false, kind: 'missing', message: 'image ami-1 does not exist; correct it.' } },
      'InvalidConfiguration',
      /"standard".*ami-1/,
    ],
    [
      'EC2 that can not be asked',
      { resolution: { ok: false, kind: 'unavailable', message: 'no answer; asked again.' } },
      'CloudUnavailable',
      /no answer/,
    ],
  ];
  test.each(blockers)('%s', (_what, more, reason, message) => {
    const { decision } = written(
      outdated({ spec: { requests: { restart: 'now' }, ...more.spec }, ...omitSpec(more) }),
    );
    expect(decision.effect).toBeUndefined();
    expect(decision.status.launch?.number).toBe(1);
    expect(decision.status.terminating).toBeUndefined();
    expect(decision.status.handled).toEqual({});
    expect(conditionOf(decision, 'Ready').status).toBe('True');
    expect(conditionOf(decision, 'UpToDate')).toMatchObject({ status: 'False', reason });
    expect(conditionOf(decision, 'UpToDate').message).toMatch(message);
  });

  test('a fault that a person must fix is Stalled, one that passes automatically is Reconciling', () => {
    const missing = decideAt(outdated({ environment: { kind: 'Missing', secrets: ['ada-env'] } }));
    expect(conditionOf(missing, 'Stalled')).toMatchObject({ status: 'True', reason: 'SecretMissing' });
    expect(conditionOf(missing, 'Reconciling').status).toBe('False');
    const full = decideAt(outdated({ refused: all(MINUTE) }));
    expect(conditionOf(full, 'Stalled').status).toBe('False');
    expect(conditionOf(full, 'Reconciling').status).toBe('True');
    // Who would give up an instance leaves it to others for as long again.
    expect(full.requeueAfterMs).toBe(2 * MINUTE);
  });

  test('an offering that refused lately is passed over for the next one', () => {
    const { effect } = decideAt(outdated({ refused: all(1).slice(0, 2) }));
    expect(effect).toMatchObject({ kind: 'DryRun', params: { instanceType: 'm6i.large' } });
  });
});

function omitSpec({ spec: _, ...rest }: Overrides): Overrides {
  return rest;
}
