import {
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { type Clock, sleep } from '../../src/controller/lib/clock.ts';
import type { Ec2Server } from '../ec2/server.ts';
import { REGION } from '../stack/stack.ts';

export const NAIVE_TAG = { key: 'Name', value: 'the-old-way' };

/** The old controller: every worried component restarts. */
export interface NaiveController {
  /** Provisions the first instance and waits until it runs. */
  start(): Promise<void>;
  /** Ends the present instance and provisions another; answers with the new one's id. */
  stopAndProvision(): Promise<string>;
  /** EC2's word for the state of the present instance. */
  state(): Promise<string>;
  present(): string;
  untilRunning(): Promise<void>;
  close(): void;
}

/**
 * A small, honest model of it on the same cloud, with real calls. It keeps no record of why it acts, and a request to
 * restart is carried out, from any caller. In one thing it is kinder than life: it carries out one restart at a time.
 */
export function createNaiveController(options: {
  ec2: Ec2Server;
  clock: Clock;
  signal: AbortSignal;
}): NaiveController {
  const { ec2, clock, signal } = options;
  const client = new EC2Client({
    region: REGION,
    endpoint: ec2.url,
    credentials: { accessKeyId: 'embedded', secretAccessKey: 'embedded' },
  });
  const { images, subnets } = ec2.state.account;
  let present = '';
  let last: Promise<unknown> = Promise.resolve();

  async function provision(): Promise<string> {
    const answer = await client.send(
      new RunInstancesCommand({
        ImageId: images[0]?.id,
        SubnetId: subnets[0]?.id,
        InstanceType: 'm7i.large',
        MinCount: 1,
        MaxCount: 1,
        TagSpecifications: [
          { ResourceType: 'instance', Tags: [{ Key: NAIVE_TAG.key, Value: NAIVE_TAG.value }] },
        ],
      }),
    );
    const id = answer.Instances?.[0]?.InstanceId;
    if (id === undefined) throw new Error('RunInstances was accepted, but named no instance');
    return id;
  }

  async function state(): Promise<string> {
    const answer = await client.send(
      new DescribeInstancesCommand({ Filters: [{ Name: 'instance-id', Values: [present] }] }),
    );
    // Not visible yet is not running either, to somebody who only asks that.
    return answer.Reservations?.[0]?.Instances?.[0]?.State?.Name ?? 'absent';
  }

  // EC2 is eventually consistent: one that was launched a moment ago may not be known yet where it is ended.
  async function terminate(id: string): Promise<void> {
    for (;;) {
      try {
        await client.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
        return;
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'InvalidInstanceID.NotFound') throw error;
        await sleep(clock, 100, signal);
        signal.throwIfAborted();
      }
    }
  }

  async function untilRunning(): Promise<void> {
    while ((await state()) !== 'running') {
      await sleep(clock, 100, signal);
      signal.throwIfAborted();
    }
  }

  return {
    async start() {
      present = await provision();
      await untilRunning();
    },
    stopAndProvision() {
      const next = last.then(async () => {
        await terminate(present);
        present = await provision();
        return present;
      });
      last = next.catch(() => undefined);
      return next;
    },
    state,
    present: () => present,
    untilRunning,
    close: () => client.destroy(),
  };
}
