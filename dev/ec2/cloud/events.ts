import { createHash } from 'node:crypto';
import { type Clock, sleep } from '../../../src/controller/lib/clock.ts';
import type { InstanceState } from '../../../src/ec2/calls/port.ts';

/** A message as SQS delivers it. */
export interface Delivered {
  id: string;
  body: string;
  md5: string;
  receipt: string;
}

/** How long after it was sent each copy of an event comes, ms. None: it is lost. */
export type Deliver = (event: { id: string; state?: InstanceState; type: string }) => readonly number[];

/** EventBridge's rules and one SQS queue: what happens to instances of the account becomes messages. */
export interface EventQueueState {
  stateChange(instanceID: string, state: InstanceState): void;
  interruption(instanceID: string): void;
  /** Anyone's message, as it is. */
  send(body: string, inMs?: number): void;
  /** An event's body, as EventBridge writes it. */
  bodyOf(source: string, type: string, instanceID: string, detail: Readonly<Record<string, unknown>>): string;
  /** What becomes of events from now on; by default each comes once, at once. */
  deliver(how: Deliver): void;
  /** At most 10 messages, each hidden for 30 s from now. @param waitMs how long it waits for the first one */
  receive(waitMs: number, signal: AbortSignal): Promise<Delivered[]>;
  /** Whether there was such a delivery. */
  remove(receipt: string): boolean;
  /** Messages that were neither deleted nor have expired. */
  waiting(): number;
}

/** deploy/events/queue.yaml says the same. */
const RETENTION_MS = 300_000;
const HIDDEN_MS = 30_000;
const MOST = 10;

interface Kept {
  id: string;
  body: string;
  sentAt: number;
  visibleAt: number;
  deliveries: number;
}

export function createEventQueue(
  clock: Clock,
  { region, account }: { region: string; account: string },
): EventQueueState {
  const kept = new Map<string, Kept>();
  let sent = 0;
  let how: Deliver = () => [0];
  let waking: (() => void)[] = [];

  function put(body: string): void {
    const now = clock.monotonic();
    for (const [id, { sentAt }] of kept) {
      if (now - sentAt < RETENTION_MS) break;
      kept.delete(id);
    }
    sent += 1;
    const id = `message-${sent}`;
    kept.set(id, { id, body, sentAt: now, visibleAt: now, deliveries: 0 });
    const woken = waking;
    waking = [];
    for (const wake of woken) wake();
  }

  function send(body: string, inMs = 0): void {
    if (inMs === 0) put(body);
    else clock.setTimeout(() => put(body), inMs);
  }

  function bodyOf(
    source: string,
    type: string,
    id: string,
    detail: Readonly<Record<string, unknown>>,
  ): string {
    return JSON.stringify({
      version: '0',
      id: createHash('md5').update(`${id} ${type} ${sent}`).digest('hex'),
      'detail-type': type,
      source,
      account,
      time: new Date(clock.now()).toISOString(),
      region,
      resources: [`arn:aws:ec2:${region}:${account}:instance/${id}`],
      detail: { 'instance-id': id, ...detail },
    });
  }

  function take(): Delivered[] {
    const now = clock.monotonic();
    const visible = [...kept.values()].filter(
      ({ sentAt, visibleAt }) => visibleAt <= now && now - sentAt < RETENTION_MS,
    );
    return visible.slice(0, MOST).map((message) => {
      message.visibleAt = now + HIDDEN_MS;
      message.deliveries += 1;
      const { id, body, deliveries } = message;
      return { id, body, md5: createHash('md5').update(body).digest('hex'), receipt: `${id}/${deliveries}` };
    });
  }

  return {
    stateChange(id, state) {
      const type = 'EC2 Instance State-change Notification';
      for (const inMs of how({ id, state, type })) send(bodyOf('aws.ec2', type, id, { state }), inMs);
    },
    interruption(id) {
      const type = 'EC2 Spot Instance Interruption Warning';
      const detail = { 'instance-action': 'terminate' };
      for (const inMs of how({ id, type })) send(bodyOf('aws.ec2', type, id, detail), inMs);
    },
    send,
    bodyOf,
    deliver(next) {
      how = next;
    },
    async receive(waitMs, signal) {
      const until = clock.monotonic() + waitMs;
      for (;;) {
        const messages = take();
        const left = until - clock.monotonic();
        if (messages.length > 0 || left <= 0 || signal.aborted) return messages;
        const hiddenUntil = [...kept.values()].map(({ visibleAt }) => visibleAt - clock.monotonic());
        const ended = new AbortController();
        waking.push(() => ended.abort());
        await sleep(
          clock,
          Math.max(1, Math.min(left, ...hiddenUntil.filter((ms) => ms > 0))),
          AbortSignal.any([signal, ended.signal]),
        );
      }
    },
    remove(receipt) {
      const [id = '', delivery] = receipt.split('/');
      const message = kept.get(id);
      if (!message || !(Number(delivery) <= message.deliveries)) return false;
      return kept.delete(id);
    },
    waiting: () => kept.size,
  };
}
