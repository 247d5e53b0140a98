import { describe, expect, test } from 'vitest';
import { monoMs, wallMs } from '../../../test/support/base/moments.ts';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import {
  classOf,
  factsOf,
  launchOf,
  MINUTE,
  SECOND,
  stamp,
  statusOf,
} from '../../../test/support/workspace/facts.ts';
import type { Launch, Workspace } from '../../api/kinds/workspace.ts';
import { createStore } from '../../controller/cache/store.ts';
import type { MonoMs } from '../../controller/lib/time.ts';
import { ec2Failure } from '../../ec2/calls/errors.ts';
import type { LaunchEvidence } from '../../gateway/store/evidence.ts';
import { WORKSPACE_INDEXES } from '../workspace/triggers.ts';
import { judgeCloud } from './cloudEvidence.ts';
import type { CloudVerdict } from './decide/facts.ts';
import { createClassEvidence } from './evidence.ts';

/** A class of ten, each of which was heard a moment ago. */
function setUp(count = 10) {
  const clock = createVirtualClock({ monotonic: 60 * MINUTE });
  const workspaces = createStore<Workspace>({ indexes: WORKSPACE_INDEXES });
  const walks: string[] = [];
  const rows = new Map<string, LaunchEvidence>();
  const state = {
    missing: undefined as 'Database' | 'Gateway' | undefined,
    since: monoMs(0) as MonoMs | undefined,
  };
  const changes: string[] = [];
  let cloud: CloudVerdict = { reason: 'Available' };
  const klass = classOf();
  let version = 1;
  const classEvidence = createClassEvidence({
    workspaces: {
      onChange: workspaces.onChange,
      byIndex(index, value) {
        walks.push(value);
        return workspaces.byIndex(index, value);
      },
    },
    classes: { list: () => [klass] },
    evidence: {
      available: () => state.missing === undefined,
      missing: () => state.missing,
      availableSince: () => state.since,
      ofWorkspace: (uid) => [...rows].flatMap(([id, row]) => (id === uid ? [row] : [])),
    },
    cloud: () => cloud,
    clock,
    secondMs: SECOND,
    onChange: (className) => changes.push(className),
  });
  const put = (index: number, launch: Partial<Launch> = {}, state = 'running') => {
    const metadata = { name: `w${index}`, uid: `u${index}`, resourceVersion: String(version++) };
    const instance = { id: 'i-1', state };
    workspaces.applyWrite(
      factsOf({ metadata, status: statusOf({ launch: launchOf(launch), instance }) }).workspace,
    );
  };
  const hear = (index: number, fresh: boolean, lastHeartbeatAt = Date.parse(stamp(0))) => {
    rows.set(`u${index}`, {
      uid: `u${index}`,
      number: 1,
      fresh,
      lastHeartbeatAt: wallMs(lastHeartbeatAt),
      reports: 0,
    });
  };
  for (let index = 0; index < count; index += 1) {
    put(index);
    hear(index, true);
  }
  const judged = (isNew = true) => {
    classEvidence.refresh(isNew);
    return classEvidence.of('standard');
  };
  const setCloud = (verdict: CloudVerdict) => {
    cloud = verdict;
  };
  return { walks, setCloud, clock, rows, state, changes, classEvidence, put, hear, judged };
}

describe('the evidence of a class', () => {
  test('is there while all are heard, and emits no event', () => {
    const { judged, changes, classEvidence } = setUp();
    expect(judged()).toEqual({ reason: 'Available' });
    expect(classEvidence.massSilence('standard')).toBe(false);
    expect(changes).toEqual([]);
  });

  test.each([
    ['Database', 'DatabaseUnavailable'],
    ['Gateway', 'GatewayUnavailable'],
  ] as const)(
    'is missing with the %s: one event says so, and one says that it is back',
    (missing, reason) => {
      const { judged, changes, state } = setUp();
      state.missing = missing;
      expect(judged()).toEqual({ reason });
      expect(judged()).toEqual({ reason });
      expect(changes).toEqual(['standard']);
      state.missing = undefined;
      expect(judged()).toEqual({ reason: 'Available' });
      expect(changes).toEqual(['standard', 'standard']);
    },
  );

  test('is missing when more fall silent at once than may, and back when those are few again', () => {
    const { hear, judged, classEvidence } = setUp();
    for (const index of [1, 2]) hear(index, false);
    expect(judged()).toEqual({ reason: 'Available' });
    hear(3, false);
    expect(judged()).toEqual({ reason: 'MassSilence', silent: 3, expected: 10 });
    expect(classEvidence.massSilence('standard')).toBe(true);
    expect(classEvidence.massSilence('other')).toBe(false);
    hear(1, true);
    expect(judged()).toEqual({ reason: 'Available' });
  });

  test('is there when as many fall silent one after another', () => {
    const { hear, judged } = setUp();
    for (const index of [1, 2, 3, 4]) hear(index, false, Date.parse(stamp(-2 * MINUTE * index)));
    expect(judged()).toEqual({ reason: 'Available' });
  });

  test('a person who restarts what is silent brings it back', () => {
    const { hear, judged, put } = setUp();
    for (const index of [1, 2, 3]) hear(index, false);
    expect(judged().reason).toBe('MassSilence');
    put(3, { number: 2, phase: 'Waiting', readyAt: undefined });
    expect(judged()).toEqual({ reason: 'Available' });
  });

  test.each<[string, Partial<Launch>, string]>([
    ['EC2 says that it ended', { ended: { outcome: 'Ended', at: stamp(0) } }, 'terminated'],
    ['EC2 says that it is ending', {}, 'shutting-down'],
    ['EC2 says that it stopped', {}, 'stopped'],
    ['it is meant to be stopped', { phase: 'Stopped' }, 'stopped'],
    ['it has yet to boot', { readyAt: undefined }, 'running'],
  ])('one is silent for a reason of its own if %s', (_why, launch, state) => {
    const { hear, judged, put } = setUp();
    for (const index of [1, 2, 3, 4, 5]) {
      hear(index, false);
      put(index, launch, state);
    }
    expect(judged()).toEqual({ reason: 'Available' });
  });

  test('a database without rows is no silence until they could have come back', async () => {
    const { clock, judged, rows, state } = setUp();
    rows.clear();
    state.since = clock.monotonic();
    await clock.advance(89 * SECOND);
    expect(judged()).toEqual({ reason: 'Available' });
    await clock.advance(SECOND);
    expect(judged()).toEqual({ reason: 'MassSilence', silent: 10, expected: 10 });
  });
});

describe('a class at rest', () => {
  test('costs no walk over its Workspaces, and each change of a row or of a Workspace costs one', () => {
    const { hear, judged, put, walks } = setUp();
    judged();
    for (let poll = 0; poll < 5; poll += 1) judged(false);
    expect(walks).toHaveLength(1);
    for (const index of [1, 2, 3]) hear(index, false);
    expect(judged(true).reason).toBe('MassSilence');
    put(3, { number: 2, phase: 'Waiting', readyAt: undefined });
    expect(judged(false)).toEqual({ reason: 'Available' });
    expect(walks).toHaveLength(3);
  });

  test('is judged again where time alone makes silence of missing rows', async () => {
    const { clock, judged, rows, state } = setUp();
    rows.clear();
    state.since = clock.monotonic();
    judged();
    await clock.advance(89 * SECOND);
    expect(judged(false)).toEqual({ reason: 'Available' });
    await clock.advance(SECOND);
    expect(judged(false)).toEqual({ reason: 'MassSilence', silent: 10, expected: 10 });
    state.since = clock.monotonic();
    expect(judged(false)).toEqual({ reason: 'Available' });
  });
});

describe('EC2', () => {
  test('away is reported on each class once, and once when it is back; it does not change the evidence of heartbeats', () => {
    const { setCloud, judged, changes, classEvidence } = setUp();
    judged();
    setCloud({ reason: 'CloudUnavailable', code: 'TimeoutError' });
    expect(judged()).toEqual({ reason: 'Available' });
    judged();
    expect(classEvidence.cloud()).toEqual({ reason: 'CloudUnavailable', code: 'TimeoutError' });
    expect([...classEvidence.missing()]).toEqual([['standard', 'CloudUnavailable']]);
    setCloud({ reason: 'Available' });
    judged();
    expect(changes).toEqual(['standard', 'standard']);
    expect([...classEvidence.missing()]).toEqual([]);
  });

  const judgeAt = (term: number | undefined, begunAt: number | undefined) =>
    judgeCloud({
      cloud: {
        dueSince: () => (begunAt === undefined ? undefined : monoMs(begunAt)),
        health: () => ({
          healthySince: undefined,
          lastError: {
            at: monoMs(0),
            failure: ec2Failure({
              class: 'throttled',
              code: 'RequestLimitExceeded',
              action: 'DescribeInstances',
              detail: '',
            }),
          },
        }),
      },
      lease: { term: () => (term === undefined ? undefined : { id: 'term-1', acquiredAt: monoMs(term) }) },
      clock: createVirtualClock({ monotonic: 1_000 }),
      unavailableAfterMs: 50,
    }).reason;

  test.each<[string, number | undefined, number | undefined, string]>([
    ['swept a moment ago', 0, 950, 'Available'],
    ['not swept for long', 0, 949, 'CloudUnavailable'],
    ['never swept, and leading for long', 0, undefined, 'CloudUnavailable'],
    ['not swept yet, but leading only now', 990, 100, 'Available'],
    ['not swept, as another leads', undefined, 100, 'Available'],
  ])('%s', (_what, term, begunAt, reason) => expect(judgeAt(term, begunAt)).toBe(reason));
});
