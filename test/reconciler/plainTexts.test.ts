import { expect, test } from 'vitest';
import { createEventRecorder } from '../../src/controller/events/events.ts';
import { createRuntimeMetrics } from '../../src/controller/serve/metrics.ts';
import { ec2Failure } from '../../src/ec2/calls/errors.ts';
import { createLogger } from '../../src/process/logging.ts';
import { seededRandom } from '../support/base/seededRandom.ts';
import { createBench } from './bench.ts';

/** What a console, EC2 or a tenant may say: an escape sequence, lines, a change of direction, what hides. */
const WORDS = 'a\u001b[2Jb\nc\r\u0000d\u0085e\u202ef\u2066g\u200bh\ufeffi\u2028j\u{e0041}k\ud800l';
const HOSTILE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** Where something is said in such characters; JSON would hide them as escapes. */
function hostileIn(value: unknown, path = ''): string[] {
  if (typeof value === 'string') return HOSTILE.test(value) || !value.isWellFormed() ? [path] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => hostileIn(item, `${path}.${name}`));
}

async function shownBy(bring: (bench: Awaited<ReturnType<typeof createBench>>) => Promise<void>) {
  const bench = await createBench();
  await bench.createClass();
  await bench.createWorkspace();
  await bring(bench);
  const { status } = await bench.workspace();
  return { status, events: bench.events, text: JSON.stringify([status, bench.events]) };
}

const failure = (kind: 'userFix' | 'quota') =>
  ec2Failure({ class: kind, code: `Code${WORDS}`, action: 'RunInstances', detail: WORDS });

test('what EC2 says of a launch that it refuses is shown as plain text', async () => {
  const { status, events, text } = await shownBy(async (bench) => {
    bench.calls.runInstances = async (_request, { beforeSend } = {}) => {
      beforeSend?.();
      throw failure('userFix');
    };
    await bench.settle();
  });
  expect(text).toContain('[2Jb');
  expect(hostileIn([status, events])).toEqual([]);
});

test('what EC2 says of an instance is plain text wherever it is shown', async () => {
  const { status, events, text } = await shownBy(async (bench) => {
    await bench.bringUp();
    const said = { stateReason: WORDS, stateReasonCode: WORDS, zone: WORDS, type: WORDS, privateIP: WORDS };
    bench.put('i-1', said);
    await bench.settle();
    bench.put('i-1', { state: 'terminated', ...said });
    await bench.settle();
  });
  expect(text).toContain('[2Jb');
  expect(hostileIn([status, events])).toEqual([]);
});

test('what a person asks for is shown as plain text, and compared as it was asked', async () => {
  const asked = WORDS.toWellFormed();
  const { status, events } = await shownBy(async (bench) => {
    await bench.bringUp();
    await bench.clock.advance(120_000);
    await bench.patchWorkspace({ spec: { requests: { restart: asked } } });
    await bench.settle();
  });
  expect(status?.launch?.cause).toMatchObject({ kind: 'Restart', ref: expect.stringContaining('[2Jb') });
  expect(hostileIn([status, events])).toEqual(['.0.handled.restart']);
  expect(status?.handled?.restart).toBe(asked);
});

test('an event holds plain text, from any recorder', async () => {
  const bench = await createBench();
  const bodies: unknown[] = [];
  const recorder = createEventRecorder({
    client: { ...bench.kube, create: async (_resource, body) => void bodies.push(body) as never },
    clock: bench.clock,
    random: seededRandom(1),
    logger: bench.logger,
    metrics: createRuntimeMetrics(),
    reportingController: 'c',
    reportingInstance: 'i',
  });
  const regarding = { apiVersion: 'v1', kind: 'Secret', namespace: 'default', name: 'a', uid: 'u' };
  recorder.record({ regarding, type: 'Normal', reason: 'R', action: 'A', note: WORDS });
  await bench.clock.advance(1_000);
  await recorder.stop();
  expect(bodies).toHaveLength(1);
  expect(hostileIn(bodies)).toEqual([]);
});

test('a line of the log is one line, and shown as it stands', () => {
  const lines: string[] = [];
  const clock = { now: () => 0 } as never;
  const logger = createLogger({
    level: 'info',
    clock,
    destination: { write: (line) => void lines.push(line) },
  });
  logger.info({ reason: WORDS, err: new Error(WORDS), [WORDS]: 1 }, WORDS);
  expect(lines).toHaveLength(1);
  const [line = ''] = lines;
  expect(line.endsWith('\n')).toBe(true);
  expect(line.slice(0, -1)).not.toMatch(HOSTILE);
  expect(JSON.parse(line)).toMatchObject({ reason: WORDS, msg: WORDS });
});
