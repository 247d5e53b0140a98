import type { Clock } from '../../../src/controller/lib/clock.ts';
import type { Random } from '../../../src/controller/lib/random.ts';
import { type Account, currentState, type InstanceRecord } from '../base/model.ts';
import { AWS_TIMINGS, type Timings } from '../base/timings.ts';
import { defaultAccount } from './account.ts';
import { AWS_BUCKETS, type BucketSize, type Buckets, createBuckets } from './buckets.ts';
import { type Capacity, createCapacity } from './capacity.ts';
import { createEventQueue, type EventQueueState } from './events.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';
import { createTokens, type Tokens } from './tokens.ts';

export interface CloudOptions {
  clock: Clock;
  random: Random;
  region: string;
  /** What differs from AWS's own timing. */
  timings?: Partial<Timings>;
  account?: Account;
  /**
   * What a token of a terminated instance gives: the instance, as documented (default), or
   * IdempotentInstanceTerminated, which has been seen since 2025 (boto/boto3#4406).
   */
  terminatedTokens?: 'instance' | 'refused';
  /** Request buckets; by default AWS's. `{}` throttles nothing. */
  buckets?: Readonly<Record<string, BucketSize>>;
}

/** One region of one account: everything that outlives a request. Handlers read and change it in one synchronous step. */
export interface Cloud {
  readonly clock: Clock;
  readonly random: Random;
  readonly region: string;
  readonly timings: Timings;
  readonly terminatedTokens: 'instance' | 'refused';
  readonly account: Account;
  readonly instances: Map<string, InstanceRecord>;
  readonly tokens: Tokens;
  readonly buckets: Buckets;
  readonly capacity: Capacity;
  readonly lifecycle: Lifecycle;
  readonly ledger: Ledger;
  readonly events: EventQueueState;
  /** 17 hex digits, as in EC2's ids. */
  hex(): string;
  /** The newest instance's place in the order of creation. */
  sequence: number;
  /** Drops what neither Describe nor a token can show any more. */
  forgetExpired(): void;
}

export function createCloud(options: CloudOptions): Cloud {
  const { clock, random, region } = options;
  const timings = Object.freeze({ ...AWS_TIMINGS, ...options.timings });
  const instances = new Map<string, InstanceRecord>();
  const tokens = createTokens();
  const account = options.account ?? defaultAccount(region);
  const lifecycle = createLifecycle({ clock, random, timings });
  const events = createEventQueue(clock, { region, account: account.id });
  lifecycle.subscribe(({ id }, state) => events.stateChange(id, state));
  return {
    clock,
    random,
    region,
    timings,
    terminatedTokens: options.terminatedTokens ?? 'instance',
    account,
    instances,
    tokens,
    buckets: createBuckets(clock, options.buckets ?? AWS_BUCKETS),
    capacity: createCapacity(),
    lifecycle,
    events,
    ledger: createLedger(clock),
    hex: () => random.bytes(9).toString('hex').slice(0, 17),
    sequence: 0,
    forgetExpired() {
      const retention = Math.max(timings.tokenRetention, timings.terminatedVisible);
      for (const instance of instances.values()) {
        if (currentState(instance) !== 'terminated') continue;
        if (clock.monotonic() - (instance.phases.at(-1)?.at ?? 0) < retention) continue;
        instances.delete(instance.id);
        tokens.release(instance.id);
      }
    },
  };
}
