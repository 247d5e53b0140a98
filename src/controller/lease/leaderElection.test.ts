import { afterEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../test/support/base/seededRandom.ts';
import {
  candidate,
  cluster,
  isWrite,
  PATH,
  stopCandidates,
  watchHolders,
} from '../../../test/support/cluster/electionHarness.ts';
import type { Clock } from '../lib/clock.ts';
import { plus } from '../lib/time.ts';
import type { Lease } from './lease.ts';

afterEach(stopCandidates);

describe('leader election', () => {
  it('makes one leader of three, and one write a period', async () => {
    const c = cluster();
    const three = ['a', 'b', 'c'].map((name) => candidate(c, name));
    const counts = await watchHolders(
      c.clock,
      three.map((one) => one.elector),
      60_000,
    );
    expect(Math.max(...counts)).toBe(1);
    expect(counts.slice(10).every((count) => count === 1)).toBe(true);
    expect(three.flatMap((one) => one.terms)).toHaveLength(1);
    const writes = c.api.requests.filter(isWrite).length;
    expect(writes).toBeLessThanOrEqual(34);
    expect(c.lease()?.spec).toMatchObject({
      holderIdentity: expect.stringMatching(/^[abc]_/),
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
      renewTime: expect.stringMatching(/^2026-01-01T00:0\d:\d\d\.\d{6}Z$/),
    });
  });

  it('hands over when the leader is cut off, with a gap and never an overlap', async () => {
    const c = cluster();
    const a = candidate(c, 'a');
    await c.clock.advance(1_000);
    const b = candidate(c, 'b');
    await c.clock.advance(10_000);
    expect(a.elector.held()).toBe(true);
    a.cut();
    const counts = await watchHolders(c.clock, [a.elector, b.elector], 60_000);
    expect(Math.max(...counts)).toBe(1);
    expect(counts.at(-1)).toBe(1);
    expect(b.elector.held()).toBe(true);
    expect(counts.filter((count) => count === 0).length * 50).toBeGreaterThanOrEqual(4_500);
    // The lease's 15 s, begun when the standby saw the last renewal: up to a jittered period after it.
    const takeover = counts.lastIndexOf(0) * 50;
    expect(takeover).toBeLessThanOrEqual(17_500);
    a.heal();
    await c.clock.advance(60_000);
    expect(a.elector.held()).toBe(false);
    expect(a.terms).toHaveLength(2);
    expect(c.lease()?.spec?.leaseTransitions).toBe(1);
  });

  it('is judged from when the renewal was sent, not from when it was answered', async () => {
    const c = cluster();
    const a = candidate(c, 'a');
    await c.clock.advance(1_000);
    c.api.fault(isWrite, { kind: 'delayAnswer', ms: 4_000 });
    await c.clock.advance(6_500);
    const sent = c.api.log.length;
    a.cut();
    expect(a.elector.held()).toBe(true);
    const last = c.lease()?.spec?.renewTime ?? '';
    const sentAt = Date.parse(last) - c.clock.now() + c.clock.monotonic();
    await c.clock.advanceTo(sentAt + 9_999);
    expect(a.elector.held()).toBe(true);
    await c.clock.advance(1);
    expect(a.elector.held()).toBe(false);
    expect(a.elector.term()).toBeUndefined();
    expect(sent).toBeGreaterThan(0);
  });

  it('survives one lost answer, and a renewal that happened unseen', async () => {
    for (const kind of ['lose', 'loseAnswer'] as const) {
      const c = cluster();
      const a = candidate(c, 'a');
      await c.clock.advance(5_000);
      c.api.fault(isWrite, { kind });
      const counts = await watchHolders(c.clock, [a.elector], 30_000);
      expect(counts.every((count) => count === 1)).toBe(true);
      expect(a.terms).toHaveLength(1);
    }
  });

  it('does not care what the wall clocks say', async () => {
    const c = cluster();
    const skewed = (ms: number): Clock => ({ ...c.clock, now: () => plus(c.clock.now(), ms) });
    const a = candidate(c, 'a', { clock: skewed(-86_400_000) });
    await c.clock.advance(1_000);
    const b = candidate(c, 'b', { clock: skewed(86_400_000) });
    const counts = await watchHolders(c.clock, [a.elector, b.elector], 60_000);
    expect(counts.every((count) => count === 1)).toBe(true);
    c.clock.jumpWall(1e9);
    expect(await watchHolders(c.clock, [a.elector, b.elector], 30_000)).not.toContain(0);
    expect(a.terms.length + b.terms.length).toBe(1);
  });

  it('writes nothing over another holder, and nothing after a lost race', async () => {
    const c = cluster();
    candidate(c, 'a');
    await c.clock.advance(1_000);
    const holder = c.lease()?.spec?.holderIdentity;
    const b = candidate(c, 'b');
    await c.clock.advance(60_000);
    const bodies = c.api.requests.filter(isWrite).map((request) => request.body as Lease);
    expect(new Set(bodies.map((body) => body.spec?.holderIdentity))).toEqual(new Set([holder]));
    expect(b.elector.holder()).toBe(holder);
  });

  it('ends the term at once when it finds itself replaced or its lease deleted', async () => {
    const c = cluster();
    const a = candidate(c, 'a');
    await c.clock.advance(5_000);
    const lease = c.lease();
    c.api.put(PATH, {
      ...lease,
      metadata: { ...lease?.metadata, name: 'operator', namespace: 'system' },
      spec: { ...lease?.spec, holderIdentity: 'usurper', leaseDurationSeconds: 15 },
    } as Parameters<typeof c.api.put>[1]);
    await c.clock.advance(5_000);
    expect(a.elector.held()).toBe(false);
    expect(a.elector.holder()).toBe('usurper');
    await c.clock.advance(20_000);
    expect(a.elector.held()).toBe(true);
    const before = a.elector.term()?.id;
    c.api.remove(PATH, 'operator', 'system');
    await c.clock.advance(10_000);
    expect(a.elector.held()).toBe(true);
    expect(a.elector.term()?.id).not.toBe(before);
    expect(a.terms).toHaveLength(5);
  });

  it('gives the lease back when it stops, so that the next leader need not wait', async () => {
    const c = cluster();
    const a = candidate(c, 'a');
    await c.clock.advance(1_000);
    const b = candidate(c, 'b');
    await c.clock.advance(10_000);
    const stopped = a.elector.stop();
    expect(a.elector.held()).toBe(false);
    await c.clock.advance(3_000);
    await stopped;
    expect(b.elector.held()).toBe(true);
  });

  it('seeks no new term, and releases nothing, before what had to stop has stopped', async () => {
    const c = cluster();
    let drained = false;
    const a = candidate(c, 'a', {
      onStopped: () =>
        new Promise<void>((resolve) => {
          c.clock.setTimeout(() => {
            drained = true;
            resolve();
          }, 7_000);
        }),
    });
    await c.clock.advance(5_000);
    const stopped = a.elector.stop();
    await c.clock.advance(6_900);
    expect(c.lease()?.spec?.holderIdentity).toMatch(/^a_/);
    await c.clock.advance(1_000);
    await stopped;
    expect(drained).toBe(true);
    expect(c.lease()?.spec?.holderIdentity).toBe('');
  });

  it('seeks no new term before what had to stop with the last one has stopped', async () => {
    const c = cluster();
    const a = candidate(c, 'a', {
      onStopped: () => new Promise<void>((resolve) => void c.clock.setTimeout(resolve, 30_000)),
    });
    await c.clock.advance(5_000);
    a.cut();
    await c.clock.advance(11_000);
    expect(a.elector.held()).toBe(false);
    a.heal();
    await c.clock.advance(25_000);
    expect(a.elector.held()).toBe(false);
    await c.clock.advance(10_000);
    expect(a.elector.held()).toBe(true);
  });

  it.each<[string, (c: ReturnType<typeof cluster>) => void]>([
    ['its lease is deleted', ({ api }) => void api.remove(PATH, 'operator', 'system')],
    [
      'the deadline passes while it reads the lease after a lost answer',
      ({ api }) => {
        api.fault(isWrite, { kind: 'loseAnswer' });
        api.fault((request) => !isWrite(request), { kind: 'delayAnswer', ms: 4_500 });
      },
    ],
  ])('nor in the try in which the term ends: %s', async (_how, strike) => {
    const c = cluster();
    const calls: string[] = [];
    const a = candidate(c, 'a', {
      onStarted: () => void calls.push('started'),
      async onStopped() {
        calls.push('stopping');
        await new Promise<void>((resolve) => void c.clock.setTimeout(resolve, 30_000));
        calls.push('stopped');
      },
    });
    await c.clock.advance(5_000);
    strike(c);
    await c.clock.advance(60_000);
    expect(calls).toEqual(['started', 'stopping', 'stopped', 'started']);
    expect(a.elector.held()).toBe(true);
  });

  it('does not go on with a term that it could have lost while it was paused', async () => {
    const c = cluster();
    let paused = 0;
    // A stopped process: time has passed, but its timers and answers come only after.
    const clock: Clock = { ...c.clock, monotonic: () => plus(c.clock.monotonic(), paused) };
    const a = candidate(c, 'a', { clock });
    await c.clock.advance(5_000);
    const before = a.elector.term()?.id;
    const renewals = c.api.log.length;
    while (c.api.log.length === renewals) await c.clock.advance(1);
    paused = 9_000;
    expect(a.elector.held()).toBe(false);
    await c.clock.advance(100);
    expect(a.elector.held()).toBe(false);
    expect(a.terms).toEqual([`+${before}`, `-${before}`]);
    await c.clock.advance(5_000);
    expect(a.elector.held()).toBe(true);
    expect(a.elector.term()?.id).not.toBe(before);
  });

  it('never overlaps when messages are lost or late, or a process is cut off', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const c = cluster();
      const random = seededRandom(seed);
      const three = ['a', 'b', 'c'].map((name) => candidate(c, name));
      const overlaps: number[] = [];
      for (let step = 0; step < 60; step++) {
        const one = three[Math.floor(random.next() * 3)];
        const dice = random.next();
        if (dice < 0.2) one?.cut();
        else if (dice < 0.5) one?.heal();
        else if (dice < 0.6) c.api.fault(isWrite, { kind: 'loseAnswer' });
        else if (dice < 0.7) c.api.fault(isWrite, { kind: 'delayAnswer', ms: random.next() * 12_000 });
        const counts = await watchHolders(
          c.clock,
          three.map((each) => each.elector),
          1_000 + random.next() * 4_000,
        );
        overlaps.push(...counts.filter((count) => count > 1));
      }
      expect(overlaps).toEqual([]);
      for (const one of three) one.heal();
      await c.clock.advance(60_000);
      expect(three.filter((one) => one.elector.held())).toHaveLength(1);
      for (const { terms } of three) {
        const open = terms.filter((_, i) => i % 2 === 0).every((entry) => entry.startsWith('+'));
        expect(open).toBe(true);
      }
    }
  });

  it('refuses times under which a renewal could come too late', () => {
    const c = cluster();
    expect(() => candidate(c, 'a', { renewDeadlineMs: 15_000 })).toThrow(RangeError);
    expect(() => candidate(c, 'a', { retryPeriodMs: 9_000 })).toThrow(RangeError);
  });

  it('says in its metric who leads', async () => {
    const c = cluster();
    const a = candidate(c, 'a');
    const line = 'leader_election_master_status{name="system/operator"}';
    expect(await a.metrics.registry.metrics()).toContain(`${line} 0`);
    await c.clock.advance(1_000);
    expect(await a.metrics.registry.metrics()).toContain(`${line} 1`);
  });
});
