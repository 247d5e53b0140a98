import { z } from 'zod';
import { CloudError } from '../base/errors.ts';
import type { Delivery, Service } from '../exchange/exchange.ts';
import { receiveMessages, removeMessages } from '../exchange/queueCalls.ts';

const SQS = 'AmazonSQS.';

const receiveInput = z.object({ QueueUrl: z.url(), WaitTimeSeconds: z.int().min(0).max(20).default(0) });
const removeInput = z.object({
  QueueUrl: z.url(),
  Entries: z
    .array(z.object({ Id: z.string(), ReceiptHandle: z.string() }))
    .min(1)
    .max(10),
});

/** Whether a call's `x-amz-target` is SQS's, whose protocol is AWS JSON 1.0 since 2023. */
export function isSqs(target: string): boolean {
  return target.startsWith(SQS);
}

/** The one queue of this cloud, `…/ACCOUNT/workspace-events`. @throws CloudError */
export async function handleSqs(
  service: Service,
  target: string,
  body: unknown,
  gaveUp: AbortSignal,
): Promise<Delivery<unknown>> {
  switch (target.slice(SQS.length)) {
    case 'ReceiveMessage': {
      const { QueueUrl, WaitTimeSeconds } = checked(receiveInput, body);
      checkQueue(service, QueueUrl);
      const found = await receiveMessages(service, WaitTimeSeconds * 1_000, gaveUp);
      if (found.kind !== 'value') return found;
      const Messages = found.value.map((message) => ({
        MessageId: message.id,
        ReceiptHandle: message.receipt,
        MD5OfBody: message.md5,
        Body: message.body,
      }));
      return { kind: 'value', value: Messages.length > 0 ? { Messages } : {} };
    }
    case 'DeleteMessageBatch': {
      const { QueueUrl, Entries } = checked(removeInput, body);
      checkQueue(service, QueueUrl);
      const receipts = Entries.map(({ ReceiptHandle }) => ReceiptHandle);
      const removed = await removeMessages(service, receipts, gaveUp);
      if (removed.kind !== 'value') return removed;
      const isRemoved = (index: number) => removed.value[index] === true;
      const Successful = Entries.filter((_, index) => isRemoved(index)).map(({ Id }) => ({ Id }));
      const Failed = Entries.filter((_, index) => !isRemoved(index)).map(({ Id }) => ({
        Id,
        SenderFault: true,
        Code: 'ReceiptHandleIsInvalid',
      }));
      return { kind: 'value', value: { Successful, Failed } };
    }
    default:
      throw new CloudError('UnknownOperationException', `The operation ${target} is not known here.`);
  }
}

function checked<T>(schema: z.ZodType<T>, body: unknown): T {
  const input = schema.safeParse(body);
  if (!input.success) throw new CloudError('InvalidParameterValue', z.prettifyError(input.error));
  return input.data;
}

function checkQueue({ cloud }: Service, url: string): void {
  if (!new URL(url).pathname.endsWith(`/${cloud.account.id}/workspace-events`))
    throw new CloudError('AWS.SimpleQueueService.NonExistentQueue', 'The specified queue does not exist.');
}
