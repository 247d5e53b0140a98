import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startEc2 } from '../../dev/ec2/server.ts';
import { systemRandom } from '../../src/controller/lib/random.ts';
import { createEc2Metrics } from '../../src/ec2/calls/metrics.ts';
import type { EventQueue } from '../../src/ec2/events/queue.ts';
import { createSqsQueue } from '../../src/ec2/events/sqs.ts';
import { createVirtualClock } from '../support/base/virtualClock.ts';
import { outcomeOf } from './support/clouds.ts';

const REGION = 'eu-central-1';
const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' };

interface Sqs {
  queueURL: string;
  send(body: string): Promise<void>;
  stop(): Promise<void>;
}

async function startEmbedded(): Promise<Sqs> {
  const server = await startEc2({ clock: createVirtualClock(), random: systemRandom, region: REGION });
  return {
    queueURL: `${server.url}/${server.state.account.id}/workspace-events`,
    async send(body) {
      server.state.events.send(body);
    },
    stop: server.stop,
  };
}

async function useMoto(endpoint: string): Promise<Sqs> {
  const client = new SQSClient({ region: REGION, endpoint, credentials });
  const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: 'workspace-events' }));
  return {
    queueURL: `${endpoint}${new URL(QueueUrl).pathname}`,
    async send(MessageBody) {
      await client.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    },
    async stop() {
      client.destroy();
    },
  };
}

const motoURL = inject('motoURL');
const clouds: [string, () => Promise<Sqs>][] = [['the embedded SQS', startEmbedded]];
if (motoURL !== null) clouds.push(['moto', () => useMoto(motoURL)]);

describe.each(clouds)('the queue of events: %s', (_name, start) => {
  let sqs: Sqs;
  let queue: EventQueue;
  const open = (queueURL: string) =>
    createSqsQueue({
      region: REGION,
      queueURL,
      timeoutMs: 15_000,
      metrics: createEc2Metrics(new Registry()),
      credentials,
    });
  const never = new AbortController().signal;

  beforeAll(async () => {
    sqs = await start();
    queue = open(sqs.queueURL);
  });
  afterAll(async () => {
    queue.close();
    await sqs.stop();
  });

  test('what is sent is received as it is, ten at a time, and gone once it is deleted', async () => {
    const sent = Array.from({ length: 12 }, (_, nth) => `{"ä":"${nth} <&>"}`);
    for (const body of sent) await sqs.send(body);
    const received: string[] = [];
    while (received.length < sent.length) {
      const messages = await queue.receive(never);
      expect(messages.length).toBeLessThanOrEqual(10);
      received.push(...messages.map(({ body }) => body));
      await queue.remove(
        messages.map(({ receipt }) => receipt),
        never,
      );
    }
    expect(received.sort()).toEqual(sent.sort());
  });

  test('what is received is hidden from others until it is deleted', async () => {
    await sqs.send('first');
    const [first] = await queue.receive(never);
    await sqs.send('second');
    const [second] = await queue.receive(never);
    expect([first?.body, second?.body]).toEqual(['first', 'second']);
    await queue.remove(
      [first, second].map((it) => it?.receipt ?? ''),
      never,
    );
  });

  test('a wait for messages ends when it is given up', async () => {
    const ending = new AbortController();
    const waiting = outcomeOf(queue.receive(ending.signal));
    setImmediate(() => ending.abort());
    expect(await waiting).not.toBe('answered');
  });

  test('a receipt that is none is refused', async () => {
    expect(await outcomeOf(queue.remove(['none'], never))).toBe('ambiguous ReceiptHandleIsInvalid');
  });

  test('a queue that does not exist is named as the cause', async () => {
    const missing = open(`${sqs.queueURL}-2`);
    expect(await outcomeOf(missing.receive(never))).toMatch(
      / (AWS\.SimpleQueueService\.NonExistentQueue|QueueDoesNotExist)$/,
    );
    missing.close();
  });
});
