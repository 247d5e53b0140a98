import { sleep } from '../../../src/controller/lib/clock.ts';
import type { Operation } from '../actions/operations.ts';
import { CloudError } from '../base/errors.ts';
import { draw } from '../base/timings.ts';
import type { Cloud } from '../cloud/state.ts';
import type { Call, Cut, Faults } from './faults.ts';

/** A cloud that takes requests. */
export interface Service {
  readonly cloud: Cloud;
  readonly faults: Faults;
  /** Aborted when the service stops: what is under way then never happens. */
  readonly closing: AbortSignal;
}

/** What a caller gets: an answer, or none. */
export type Delivery<O> =
  | { kind: 'value'; value: O }
  | { kind: 'error'; error: CloudError }
  | { kind: 'none'; how: Cut };

/**
 * Takes one request through the faults that it meets, its bucket and the action. `gaveUp` says when a caller that is
 * left hanging stops waiting. Rejects only with a bug of the cloud's own.
 */
export async function exchange<I, O>(
  service: Service,
  operation: Operation<I, O>,
  input: I,
  gaveUp: AbortSignal,
): Promise<Delivery<O>> {
  const { cloud, faults, closing } = service;
  const call: Call = {
    action: operation.action,
    dryRun: operation.dryRun(input),
    facts: operation.facts(input),
  };
  const sentAt = cloud.clock.monotonic();
  const { latencyMs, fault } = faults.take(call);
  const latency = latencyMs + draw(cloud.random, cloud.timings.latency);
  if (latency > 0) await sleep(cloud.clock, latency, closing);
  if (closing.aborted) return { kind: 'none', how: 'reset' };

  const count = (outcome: string, answered: boolean) =>
    cloud.ledger.call({ ...call, outcome, answered, afterMs: cloud.clock.monotonic() - sentAt });
  const execute = (answered: boolean): Delivery<O> => {
    const delivery = attempt(service.cloud, operation, input);
    count(delivery.kind === 'error' ? delivery.error.code : 'ok', answered);
    return delivery;
  };

  switch (fault?.kind) {
    case 'lostRequest':
      count('lost', false);
      return { kind: 'none', how: fault.how };
    case 'lostResponse':
      execute(false);
      return { kind: 'none', how: fault.how };
    case 'late': {
      const land = () => {
        if (!closing.aborted) execute(false);
      };
      const leave = () => void sleep(cloud.clock, fault.afterMs, closing).then(land);
      if (fault.how === 'reset' || gaveUp.aborted) leave();
      else gaveUp.addEventListener('abort', leave, { once: true });
      return { kind: 'none', how: fault.how };
    }
    case 'delayedAnswer': {
      const delivery = execute(true);
      await sleep(cloud.clock, fault.ms, closing);
      return delivery;
    }
    case 'error':
      count(fault.code, true);
      return {
        kind: 'error',
        error: new CloudError(fault.code, fault.message ?? `${fault.code} (on demand)`),
      };
    case undefined:
    // Waited for above.
    case 'latency':
      return execute(true);
    default:
      fault satisfies never;
      throw new Error('no exchange carries this fault out');
  }
}

function attempt<I, O>(cloud: Cloud, operation: Operation<I, O>, input: I): Delivery<O> {
  try {
    cloud.buckets.take(operation.bucket(input));
    return { kind: 'value', value: operation.execute(cloud, input) };
  } catch (error) {
    if (error instanceof CloudError) return { kind: 'error', error };
    throw error;
  }
}
