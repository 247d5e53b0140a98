import type { Logger } from 'pino';
import { isAlreadyExists, isConflict, isNotFound } from '../client/errors.ts';
import { kubeClient } from '../client/kubeClient.ts';
import type { Transport } from '../client/transport.ts';
import { type Clock, sleep, type Timer } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import type { MonoReading } from '../lib/time.ts';
import { newUUID } from '../lib/uuid.ts';
import type { RuntimeMetrics } from '../serve/metrics.ts';
import { createLease, LEASES, type Lease, type LeaseTarget, microTime, replaceLease } from './lease.ts';

/** One unbroken holding of the lease. */
export interface Term {
  /** Random, one for each acquisition. */
  id: string;
  acquiredAt: MonoReading;
}

export interface LeaderElectionOptions {
  transport: Transport;
  lease: LeaseTarget;
  /** Names this process to people, e.g. its host; made unique with a random suffix. */
  identity: string;
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics: RuntimeMetrics;
  /** How long others wait after the last change they saw, ms. Default 15,000; written in whole seconds, rounded up. */
  leaseDurationMs?: number;
  /** How long after the sending of its last successful renewal this process counts itself leader, ms. Default 10,000. */
  renewDeadlineMs?: number;
  /** Between tries, ms. Default 2,000. */
  retryPeriodMs?: number;
  onStarted?: (term: Term) => void;
  /** The next term is not sought before this has settled. */
  onStopped?: (term: Term) => void | Promise<void>;
}

export interface LeaderElector {
  /**
   * Whether no other process can hold the lease now, by the local monotonic clock alone. Once false, it stays false for the rest
   * of the term. Callers must check it immediately before an effect.
   */
  held(): boolean;
  /** The term while it is held. */
  term(): Term | undefined;
  /** The holder that the lease last named; for people. */
  holder(): string | undefined;
  /** When the server last answered about the lease. */
  heardAt(): MonoReading | undefined;
  /** Ends the term, waits for `onStopped`, and gives the lease back, so that the next leader need not wait. */
  stop(): Promise<void>;
}

/**
 * client-go's leader election on a Lease, with its 15/10/2 s. A holder's renewals are observed by their change and timed
 * with the local clock, so clocks may differ as they like; only their speed is trusted, to a third.
 *
 * The term ends `renewDeadlineMs` after the last successful renewal was sent. No other process takes the lease sooner than
 * `leaseDurationMs` after that renewal reached the server, so the gap between them is what an effect already on its way has.
 * A lost lease makes a standby that tries again; nothing here ends the process.
 */
export function startLeaderElection(options: LeaderElectionOptions): LeaderElector {
  const { transport, lease: target, clock, random, metrics } = options;
  const { leaseDurationMs = 15_000, renewDeadlineMs = 10_000, retryPeriodMs = 2_000 } = options;
  if (!(leaseDurationMs > renewDeadlineMs && renewDeadlineMs > retryPeriodMs * 1.2 && retryPeriodMs > 0)) {
    throw new RangeError(
      `leader election: leaseDurationMs (${leaseDurationMs}) must exceed renewDeadlineMs (${renewDeadlineMs}), and that 1.2 × retryPeriodMs (${retryPeriodMs})`,
    );
  }
  // No retries and a limit of half the deadline, so that one lost answer does not cost the term.
  const client = kubeClient(transport, { clock, maxRetries: 0, timeoutMs: renewDeadlineMs / 2 });
  const identity = `${options.identity}_${newUUID(random)}`;
  const labels = { name: `${target.namespace}/${target.name}` };
  const logger = options.logger.child({ lease: labels.name, identity });
  const stopping = new AbortController();
  const write = { signal: stopping.signal };
  /** The lease as last read or written, and since when it has not changed. */
  let observed: { lease: Lease; since: number } | undefined;
  /** A write failed or got no answer: the lease must be read before the next. */
  let unsure = false;
  let term: Term | undefined;
  let heldUntil = Number.NEGATIVE_INFINITY;
  let expiry: Timer | undefined;
  let ended: Promise<void> = Promise.resolve();
  let heardAt: MonoReading | undefined;
  metrics.leaderStatus.set(labels, 0);
  metrics.leaderSlowpath.inc(labels, 0);

  const held = () => term !== undefined && clock.monotonic() < heldUntil;

  function observe(lease: Lease): void {
    if (observed?.lease.metadata.resourceVersion === lease.metadata.resourceVersion) return;
    const holder = lease.spec?.holderIdentity;
    if (holder && holder !== identity && holder !== observed?.lease.spec?.holderIdentity)
      logger.info({ holder }, 'another process holds the lease; standing by');
    observed = { lease, since: clock.monotonic() };
  }

  /** When the lease as observed may be taken, in monotonic ms; in the past when it may be now. */
  function freeAt({ lease, since }: { lease: Lease; since: number }): number {
    const holder = lease.spec?.holderIdentity;
    if (!holder || holder === identity) return Number.NEGATIVE_INFINITY;
    return since + (lease.spec?.leaseDurationSeconds ?? leaseDurationMs / 1000) * 1000;
  }

  function begin(sentAt: number): void {
    term = Object.freeze({ id: newUUID(random), acquiredAt: clock.monotonic() });
    extend(sentAt);
    metrics.leaderStatus.set(labels, 1);
    logger.info({ term: term.id }, 'became leader');
    options.onStarted?.(term);
  }

  function extend(sentAt: number): void {
    heldUntil = sentAt + renewDeadlineMs;
    expiry?.cancel();
    const left = heldUntil - clock.monotonic();
    expiry = clock.setTimeout(() => end('the lease could not be renewed in time'), Math.max(0, left));
  }

  function end(reason: string): void {
    if (!term) return;
    const over = term;
    term = undefined;
    expiry?.cancel();
    metrics.leaderStatus.set(labels, 0);
    logger.warn({ term: over.id, reason }, 'stopped leading');
    ended = (async () => options.onStopped?.(over))().catch((error: unknown) => {
      logger.error({ err: error }, 'what had to stop with the term failed to');
    });
  }

  /** One try to hold the lease, or to go on holding it. Throws when the server said no, or nothing. */
  async function tryOnce(): Promise<void> {
    const began = term;
    if (!term || unsure) await read();
    if (term && observed) await renew(term, observed.lease);
    // A term that ended in the course of this try has yet to stop its work; `run` waits for that before the next try.
    else if (began) return;
    else if (!observed || freeAt(observed) <= clock.monotonic()) await acquire(observed?.lease);
  }

  async function acquire(lease: Lease | undefined): Promise<void> {
    const sentAt = clock.monotonic();
    const transitions = lease?.spec?.leaseTransitions ?? 0;
    const isOurs = !lease || lease.spec?.holderIdentity === identity;
    const spec = {
      ...renewal(),
      acquireTime: microTime(clock.now()),
      leaseTransitions: isOurs ? transitions : transitions + 1,
    };
    observe(
      await (lease ? replaceLease(client, lease, spec, write) : createLease(client, target, spec, write)),
    );
    if (!stopping.signal.aborted && clock.monotonic() < sentAt + renewDeadlineMs) begin(sentAt);
  }

  async function renew(current: Term, lease: Lease): Promise<void> {
    const sentAt = clock.monotonic();
    observe(await replaceLease(client, lease, renewal(), write));
    if (term !== current) return;
    if (held()) extend(sentAt);
    else end('the answer to the renewal came too late');
  }

  function renewal(): Lease['spec'] {
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
      renewTime: microTime(clock.now()),
    };
  }

  /** Reads the lease. A leader that finds itself replaced, or its lease deleted, has lost it at once. */
  async function read(): Promise<void> {
    try {
      observe(await client.get<Lease>(LEASES, target.name, target.namespace));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      observed = undefined;
      end('the lease was deleted');
    }
    if (term && observed?.lease.spec?.holderIdentity !== identity) end('another process holds the lease');
  }

  async function attempt(): Promise<void> {
    try {
      await tryOnce();
      heardAt = clock.monotonic();
      unsure = false;
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (isConflict(error) || isAlreadyExists(error)) heardAt = clock.monotonic();
      if (term) metrics.leaderSlowpath.inc(labels);
      unsure = true;
      if (isConflict(error) || isAlreadyExists(error)) logger.debug('another process wrote the lease first');
      else
        logger.warn({ err: error, leading: held() }, 'the lease could not be read or written; trying again');
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await ended;
      await attempt();
      const jittered = retryPeriodMs * (term ? 1 : 1 + random.next() * 0.2);
      const untilFree = observed ? freeAt(observed) - clock.monotonic() : 0;
      // A standby comes back just when the lease may be free, rather than up to a period later.
      const wait = untilFree > 0 ? Math.min(jittered, untilFree + 1) : jittered;
      await sleep(clock, wait, stopping.signal);
    }
  }

  async function release(): Promise<void> {
    try {
      await read();
      if (observed?.lease.spec?.holderIdentity !== identity) return;
      const spec = { holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(clock.now()) };
      await replaceLease(client, observed.lease, spec);
      logger.info('released the lease');
    } catch (error) {
      logger.warn(
        { err: error, leaseDurationMs },
        'the lease was not released; the next leader waits it out',
      );
    }
  }

  const running = run();
  let stopped: Promise<void> | undefined;
  return {
    held,
    term: () => (held() ? term : undefined),
    heardAt: () => heardAt,
    holder: () => observed?.lease.spec?.holderIdentity || undefined,
    stop() {
      stopped ??= (async () => {
        end('stopping');
        stopping.abort(new Error('stopping'));
        await ended;
        await running;
        await release();
      })();
      return stopped;
    },
  };
}
