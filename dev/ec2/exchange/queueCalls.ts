import type { Operation } from '../actions/operations.ts';
import type { Delivered } from '../cloud/events.ts';
import { type Delivery, exchange, type Service } from './exchange.ts';

const arrives = (action: string): Operation<undefined, undefined> => ({
  action,
  bucket: () => action,
  dryRun: () => false,
  facts: () => ({}),
  execute: () => undefined,
});
const RECEIVE = arrives('ReceiveMessage');
const REMOVE = arrives('DeleteMessageBatch');

/** SQS's ReceiveMessage: faults as for EC2's actions, and then the wait for a message. */
export async function receiveMessages(
  service: Service,
  waitMs: number,
  gaveUp: AbortSignal,
): Promise<Delivery<Delivered[]>> {
  const arrived = await exchange(service, RECEIVE, undefined, gaveUp);
  if (arrived.kind !== 'value') return arrived;
  const signal = AbortSignal.any([gaveUp, service.closing]);
  return { kind: 'value', value: await service.cloud.events.receive(waitMs, signal) };
}

/** SQS's DeleteMessageBatch: whether each receipt was one. */
export async function removeMessages(
  service: Service,
  receipts: readonly string[],
  gaveUp: AbortSignal,
): Promise<Delivery<boolean[]>> {
  const arrived = await exchange(service, REMOVE, undefined, gaveUp);
  if (arrived.kind !== 'value') return arrived;
  return { kind: 'value', value: receipts.map((receipt) => service.cloud.events.remove(receipt)) };
}
