import { describe, expect, test } from 'vitest';
import {
  conditionOf,
  decideAt,
  withStatus,
  written,
} from '../../../../../test/support/workspace/decisions.ts';
import { factsOf, NOW, SECOND } from '../../../../../test/support/workspace/facts.ts';

const fresh = () =>
  factsOf({
    status: undefined,
    metadata: { finalizers: [] },
    spec: { requests: { restart: 'from the manifest' } },
    instances: [],
    heartbeats: { available: true, launches: [] },
  });

describe('the first visit', () => {
  test('writes number 0 and every condition, and only then asks for the finalizer', () => {
    const { status, effect } = decideAt(fresh());
    expect(status.launch).toMatchObject({ number: 0, phase: 'Closed' });
    expect(status.observedGeneration).toBe(1);
    expect(status.conditions?.map(({ type }) => type).sort()).toEqual(
      [
        'EarlierInstance',
        'HeartbeatHealthy',
        'InstanceReady',
        'Ready',
        'Reconciling',
        'SecretsSynced',
        'Stalled',
        'UpToDate',
      ].sort(),
    );
    for (const condition of status.conditions ?? []) expect(condition.observedGeneration).toBe(1);
    expect(effect).toEqual({ kind: 'AddFinalizer' });
  });

  test('without the finalizer nothing is desired or launched, however often it is seen', () => {
    const { status, decision } = written(fresh());
    expect(status.desired).toBeUndefined();
    expect(status.launch?.number).toBe(0);
    expect(decision.effect).toEqual({ kind: 'AddFinalizer' });
  });

  test('counts the restart that the manifest came with as answered', () => {
    expect(decideAt(fresh()).status.handled).toEqual({ restart: 'from the manifest' });
  });

  test('an object that is being deleted gets no finalizer', () => {
    const facts = fresh();
    const { metadata } = facts.workspace;
    const deleted = {
      ...facts,
      workspace: { ...facts.workspace, metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } },
    };
    expect(decideAt(deleted).effect).toBeUndefined();
  });
});

describe('the first launch', () => {
  const begun = (more: Parameters<typeof factsOf>[0] = {}) => {
    const { status } = decideAt(fresh());
    return factsOf({ status, instances: [], heartbeats: { available: true, launches: [] }, ...more });
  };

  test('is written with all its parameters in the status that precedes RunInstances', () => {
    const { status, effect } = decideAt(begun());
    expect(effect).toEqual({ kind: 'RunInstances', number: 1, armed: true });
    expect(status.launch).toMatchObject({
      number: 1,
      generation: 1,
      phase: 'Submitted',
      cause: { kind: 'Created', ref: '1' },
      sender: 'term-1',
    });
    expect(status.launch?.params).toMatchObject({ imageID: 'ami-1', instanceType: 'm7i.large' });
    expect(Date.parse(status.launch?.deadline ?? '')).toBe(NOW.wall + 900 * SECOND);
    expect(status.provisions).toBe(0);
  });

  test('is tagged with what names it: cluster, uid, namespace, name, number and generation', () => {
    const tags = decideAt(begun()).status.launch?.params?.tags ?? [];
    expect(Object.fromEntries(tags.map(({ key, value }) => [key, value]))).toEqual({
      'compute.molecule.ai/cluster': 'cluster-1',
      'compute.molecule.ai/uid': 'uid-1',
      'compute.molecule.ai/namespace': 'default',
      'compute.molecule.ai/name': 'ada',
      'compute.molecule.ai/number': '1',
      'compute.molecule.ai/generation': '1',
      Name: 'default/ada',
    });
  });

  test.each([
    ['before the first sweep', undefined],
    ['while the only sweep is older than the lease', NOW.mono - 2 * 3_600_000],
  ])('is not sent %s, and looks again soon', (_when, sweptAt) => {
    const facts = begun({ sweptAt });
    const { status, effect, requeueAfterMs } = decideAt(facts);
    expect(effect).toBeUndefined();
    expect(status.launch?.phase).toBe('Waiting');
    expect(requeueAfterMs).toBeLessThanOrEqual(SECOND);
    expect(decideAt({ ...withStatus(facts, status), sweptAt: NOW.mono - 1 }).effect).toEqual({
      kind: 'RunInstances',
      number: 1,
      armed: true,
    });
  });

  test('waits for the Secrets to be read, and asks again', () => {
    const { status, effect, requeueAfterMs } = decideAt(begun({ environment: { kind: 'Unknown' } }));
    expect(status.launch?.number).toBe(0);
    expect(effect).toBeUndefined();
    expect(requeueAfterMs).toBeGreaterThan(0);
  });

  test('asks for the class to be resolved before it goes further', () => {
    const decision = decideAt(begun({ resolution: undefined }));
    expect(decision.needsResolution).toBe(true);
    expect(decision.effect).toBeUndefined();
    expect(conditionOf(decision, 'Ready').reason).toBe('Launching');
  });
});
