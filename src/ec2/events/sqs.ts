import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { CODE, classify, ec2Failure } from '../calls/errors.ts';
import type { Ec2Metrics } from '../calls/metrics.ts';
import { createAgents, type ProxyEnv } from '../calls/proxy.ts';
import type { EventQueue } from './queue.ts';

export interface SqsOptions {
  region: string;
  queueURL: string;
  /** Limit of one request, beyond the time that SQS waits for a message, ms. */
  timeoutMs: number;
  metrics: Pick<Ec2Metrics, 'call'>;
  proxy?: ProxyEnv | undefined;
  /** Default: the SDK's own chain. */
  credentials?: { accessKeyId: string; secretAccessKey: string };
}

/** Most messages of one request, and the longest wait for the first, s (ReceiveMessage, API reference). */
const MOST_MESSAGES = 10;
const LONGEST_WAIT_SECONDS = 20;

/** The queue over the AWS SDK. Requests go to the host that the queue's URL names. */
export function createSqsQueue(options: SqsOptions): EventQueue {
  const { region, queueURL: QueueUrl, timeoutMs, metrics, proxy, credentials } = options;
  const waitMs = LONGEST_WAIT_SECONDS * 1_000;
  const client = new SQSClient({
    region,
    endpoint: new URL(QueueUrl).origin,
    maxAttempts: 1,
    ...(credentials && { credentials }),
    requestHandler: {
      requestTimeout: waitMs + timeoutMs,
      throwOnRequestTimeout: true,
      ...createAgents(proxy),
    },
  });

  async function call<T>(
    action: 'ReceiveMessage' | 'DeleteMessageBatch',
    send: () => Promise<T>,
  ): Promise<T> {
    try {
      const answer = await send();
      metrics.call(action, 'ok');
      return answer;
    } catch (error) {
      const failure = classify(error, { action, sent: true, proxy });
      metrics.call(action, failure.class);
      throw failure;
    }
  }

  return {
    async receive(signal) {
      const command = new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: MOST_MESSAGES,
        WaitTimeSeconds: LONGEST_WAIT_SECONDS,
      });
      const { Messages = [] } = await call('ReceiveMessage', () =>
        client.send(command, { abortSignal: signal }),
      );
      return Messages.map(({ Body = '', ReceiptHandle = '' }) => ({ body: Body, receipt: ReceiptHandle }));
    },
    async remove(receipts, signal) {
      const Entries = receipts.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
      const command = new DeleteMessageBatchCommand({ QueueUrl, Entries });
      const { Failed = [] } = await call('DeleteMessageBatch', () =>
        client.send(command, { abortSignal: signal, requestTimeout: timeoutMs }),
      );
      const [first] = Failed;
      if (!first) return;
      throw ec2Failure({
        class: 'ambiguous',
        code: first.Code ?? CODE.unknown,
        action: 'DeleteMessageBatch',
        detail: `${Failed.length} of ${receipts.length} messages were not deleted`,
      });
    },
    close: () => client.destroy(),
  };
}
