import { describe, expect, it } from 'vitest';
import { cpuRatio } from '../../test/support/base/cpuRatio.ts';
import { createVirtualClock } from '../../test/support/base/virtualClock.ts';
import { createLogger, describeError } from './logging.ts';

const SECRET = 'hunter2-hunter2-hunter2';

function captured(level: 'info' | 'debug' = 'info') {
  const lines: string[] = [];
  const logger = createLogger({
    level,
    clock: createVirtualClock({ now: Date.UTC(2026, 0, 2) }),
    destination: { write: (line) => void lines.push(line) },
  });
  return { logger, lines };
}

describe('a log line', () => {
  it('is JSON with the clock’s time and the level as a word', () => {
    const { logger, lines } = captured();
    logger.info({ namespace: 'default', name: 'ada' }, 'hello');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { level: 'info', time: '2026-01-02T00:00:00.000Z', namespace: 'default', name: 'ada', msg: 'hello' },
    ]);
  });

  it('below the level is not written', () => {
    const quiet = captured('info');
    quiet.logger.debug('detail');
    expect(quiet.lines).toEqual([]);
    const loud = captured('debug');
    loud.logger.debug('detail');
    expect(loud.lines).toHaveLength(1);
  });

  it.each([
    [{ password: SECRET }],
    [{ secret: { data: { API_KEY: SECRET } } }],
    [{ request: { headers: { authorization: `Bearer ${SECRET}` } } }],
    [{ config: { database: { databaseURL: `postgres://u:${SECRET}@h` } } }],
    [{ req: { method: 'GET', url: `/v1/x?token=${SECRET}`, headers: { cookie: SECRET } } }],
  ])('holds no secret of %j', (fields) => {
    const { logger, lines } = captured();
    logger.info(fields, 'line');
    expect(lines.join('')).not.toContain(SECRET);
    expect(lines).toHaveLength(1);
  });

  it('holds no secret of an error, however deep it is', () => {
    const { logger, lines } = captured();
    const inner = Object.assign(new Error(`connect postgres://u:${SECRET}@db/x failed`), {
      code: 'ECONNREFUSED',
    });
    const outer = Object.assign(new Error('could not record', { cause: inner }), {
      request: { body: SECRET },
      $response: { headers: { authorization: SECRET } },
      parameters: [SECRET],
    });
    logger.error({ err: outer }, 'failed');
    logger.error(outer);
    expect(lines.join('')).not.toContain(SECRET);
    expect(JSON.parse(lines[0] ?? '').err).toMatchObject({
      message: 'could not record',
      cause: { message: 'connect postgres://[…]@db/x failed', code: 'ECONNREFUSED' },
    });
  });
});

describe('a described error', () => {
  it.each([
    [`Authorization: Bearer ${SECRET}`],
    [`basic ${SECRET}`],
    [`GET https://s3.example/x?X-Amz-Signature=${SECRET}&a=b`],
    [`GET https://x.example/?session_token=${SECRET}`],
    [`postgresql://${SECRET}@db`],
  ])('says %s without the credential', (message) => {
    expect(JSON.stringify(describeError(new Error(message)))).not.toContain(SECRET);
  });

  it('keeps the frames, which show where, but not the message before them', () => {
    const { stack = '' } = describeError(new Error(`two\nlines basic ${SECRET}`));
    expect(stack).toMatch(/^at .*logging\.test\.ts/);
    expect(stack).not.toContain(SECRET);
  });

  it('survives a cause that is its own, and what is no error', () => {
    const error = new Error('round');
    error.cause = error;
    expect(JSON.stringify(describeError(error)).length).toBeLessThan(20_000);
    expect(describeError('text')).toEqual({ name: 'string', message: 'text' });
    expect(describeError(undefined)).toEqual({ name: 'undefined', message: 'undefined' });
  });

  it('is bounded', () => {
    expect(describeError(new Error('x'.repeat(10_000))).message.length).toBeLessThan(2_100);
  });
});

it('cleans any message in a time that grows with its length alone', () => {
  // What can begin a URL everywhere took its length squared: 64 times as long for 8 times the length.
  const clean = (length: number) => () => void describeError(new Error('a.'.repeat(length)));
  expect(cpuRatio(clean(8_000), clean(1_000))).toBeLessThan(24);
});
