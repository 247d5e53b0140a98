import { afterEach, expect, test } from 'vitest';
import { monoMs } from '../../../test/support/base/moments.ts';
import { silentLogger } from '../../../test/support/base/silentLogger.ts';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { constantRandom, instance } from '../../../test/support/cloud/ec2.ts';
import { ec2Failure } from '../calls/errors.ts';
import type { InstanceState, ObservedInstance } from '../calls/port.ts';
import type { EventQueue, QueueMessage } from './queue.ts';
import { createReceiver } from './receiver.ts';

const ID = 'i-0123456789abcdef0';
const OTHER = 'i-0fedcba9876543210';
const body = (state: string, id = ID) =>
  JSON.stringify({
    source: 'aws.ec2',
    'detail-type': 'EC2 Instance State-change Notification',
    detail: { 'instance-id': id, state },
  });

function setUp() {
  const clock = createVirtualClock();
  const answers: (QueueMessage[] | Error)[] = [];
  const happened: string[] = [];
  const shown = new Map<string, InstanceState>([[ID, 'running']]);
  let receives = 0;
  let hangs = false;
  let wake: (() => void) | undefined;
  const failures: unknown[] = [];
  const queue: EventQueue = {
    async receive(signal) {
      receives += 1;
      if (answers.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      const answer = answers.shift() ?? [];
      if (answer instanceof Error) throw answer;
      return answer;
    },
    async remove(receipts, signal) {
      happened.push(`deleted ${receipts.join()}`);
      if (hangs) await new Promise((_, reject) => signal.addEventListener('abort', reject, { once: true }));
    },
    close: () => happened.push('closed'),
  };
  let refusals = 0;
  const receiver = createReceiver({
    async open() {
      if (refusals > 0) {
        refusals -= 1;
        throw new Error('not yet');
      }
      return queue;
    },
    cloud: {
      knows: (id) => id === ID,
      get(id) {
        const state = shown.get(id);
        return (
          state && ({ ...instance(id, { state }), readAt: monoMs(0), missing: false } as ObservedInstance)
        );
      },
      lookUpSoon: (id, inMs, expected) => void happened.push(`look up ${id} in ${inMs} for ${expected}`),
    },
    trust: {
      reported: (_id, to, was) => void happened.push(`reported ${was} → ${to}`),
      reached: (is) => void happened.push(is ? 'reached' : 'unreached'),
      unreadable: () => void happened.push('unreadable'),
    },
    metrics: { message: (outcome) => void happened.push(outcome) },
    clock,
    random: constantRandom(1),
    logger: silentLogger(),
    onFailure: (error) => failures.push(error),
  });
  return {
    clock,
    happened,
    shown,
    failures,
    receives: () => receives,
    hang: () => {
      hangs = true;
    },
    refuse: (times: number) => {
      refusals = times;
    },
    receiver,
    async answer(...next: typeof answers) {
      answers.push(...next);
      wake?.();
      await clock.settle();
    },
  };
}

let stop: () => Promise<void> = async () => undefined;
afterEach(() => stop());

async function started(scene: ReturnType<typeof setUp>) {
  scene.receiver.start();
  stop = scene.receiver.stop;
  await scene.clock.settle();
  return scene;
}

test('a message about ours has EC2 asked once, and is deleted after that was noted', async () => {
  const { answer, happened } = await started(setUp());
  await answer([{ body: body('terminated'), receipt: 'r1' }]);
  expect(happened).toEqual([
    'reached',
    'reported running → terminated',
    `look up ${ID} in 500 for terminated`,
    'asked',
    'deleted r1',
  ]);
});

test('foreign and broken messages are deleted without a look-up, beside one of ours', async () => {
  const { answer, happened } = await started(setUp());
  await answer([
    { body: body('terminated', OTHER), receipt: 'r1' },
    { body: '', receipt: 'r2' },
    { body: `{"${ID}`, receipt: 'r3' },
    { body: body('stopping'), receipt: 'r4' },
  ]);
  expect(happened.filter((it) => it.startsWith('look up'))).toEqual([`look up ${ID} in 500 for stopping`]);
  expect(happened.filter((it) => /foreign|unreadable/.test(it))).toEqual([
    'foreign',
    'foreign',
    'unreadable',
    'unreadable',
  ]);
  expect(happened.at(-1)).toBe('deleted r1,r2,r3,r4');
});

test.each([
  ['running', 'running'],
  ['terminated', 'shutting-down'],
  ['terminated', 'terminated'],
] as const)('of one that EC2 shows as %s, word that it is %s asks nothing', async (state, word) => {
  const scene = await started(setUp());
  scene.shown.set(ID, state);
  await scene.answer([{ body: body(word), receipt: 'r1' }]);
  expect(scene.happened.filter((it) => it.startsWith('look up'))).toEqual([]);
});

test('a failure is reported once for each cause, waits longer each time, and the queue goes on after it', async () => {
  const scene = await started(setUp());
  const denied = () =>
    ec2Failure({ class: 'userFix', code: 'AccessDenied', action: 'ReceiveMessage', detail: 'no' });
  await scene.answer(denied(), denied(), denied(), [{ body: body('stopped'), receipt: 'r1' }]);
  expect(scene.receives()).toBe(1);
  await scene.clock.advance(1_999);
  expect(scene.receives()).toBe(1);
  await scene.clock.advance(1 + 4_000 + 8_000);
  expect(scene.receives()).toBe(5);
  expect(scene.failures).toHaveLength(1);
  expect(scene.happened.at(-1)).toBe('deleted r1');
});

test('a queue that can not be opened is tried again', async () => {
  const scene = setUp();
  scene.refuse(2);
  await started(scene);
  expect(scene.happened).toEqual(['unreached']);
  await scene.clock.advance(10_000);
  expect(scene.receives()).toBe(1);
});

test('however many messages there are, requests keep to ten a second after a burst of twenty', async () => {
  const scene = setUp();
  await started(scene);
  await scene.answer(...Array.from({ length: 200 }, () => [{ body: '', receipt: 'r' }]));
  expect(scene.receives()).toBe(20);
  await scene.clock.advance(5_000);
  expect(scene.receives()).toBe(70);
});

test('at the end of a term the wait ends at once, and what comes then is left to the next leader', async () => {
  const scene = await started(setUp());
  await scene.receiver.stop();
  expect(scene.happened).toEqual(['closed']);
  await scene.answer([{ body: body('terminated'), receipt: 'r1' }]);
  await scene.clock.advance(60_000);
  expect(scene.happened).toEqual(['closed']);
  // And begins again with the next one.
  scene.receiver.start();
  await scene.clock.settle();
  expect(scene.happened).toContain('deleted r1');
});

test('at the end of a term a delete under way is given up at once', async () => {
  const scene = await started(setUp());
  scene.hang();
  await scene.answer([{ body: body('terminated'), receipt: 'r1' }]);
  await scene.receiver.stop();
  expect(scene.happened.slice(-2)).toEqual(['deleted r1', 'closed']);
  expect(scene.failures).toEqual([]);
});
