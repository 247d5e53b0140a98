import { classify } from '../../../src/ec2/calls/errors.ts';
import type { EventQueue } from '../../../src/ec2/events/queue.ts';
import type { Delivery, Service } from './exchange.ts';
import { receiveMessages, removeMessages } from './queueCalls.ts';

/** The operator's queue straight onto the cloud's, without SDK and sockets; the queue of typedCalls' cloud. */
export function typedQueue(service: Service): EventQueue {
  function answer<T>(action: string, delivery: Delivery<T>): T {
    if (delivery.kind === 'value') return delivery.value;
    const error =
      delivery.kind === 'error'
        ? Object.assign(new Error(delivery.error.message), {
            name: delivery.error.code,
            $metadata: { httpStatusCode: delivery.error.status },
          })
        : Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', syscall: 'read' });
    throw classify(error, { action, sent: true });
  }
  return {
    async receive(signal) {
      const messages = answer('ReceiveMessage', await receiveMessages(service, 20_000, signal));
      return messages.map(({ body, receipt }) => ({ body, receipt }));
    },
    async remove(receipts, signal) {
      answer('DeleteMessageBatch', await removeMessages(service, receipts, signal));
    },
    close: () => undefined,
  };
}
