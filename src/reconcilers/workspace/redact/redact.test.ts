import { describe, expect, test } from 'vitest';
import { createCanary, findCanary } from '../../../../test/support/base/canary.ts';
import { monoMs } from '../../../../test/support/base/moments.ts';
import { systemClock } from '../../../controller/lib/clock.ts';
import { MOST_SECRET_BYTES, redactedTail } from './redact.ts';

const tailOf = (output: string, values: readonly Buffer[]) => redactedTail(output, values, systemClock);

const canary = createCanary();
const value = Buffer.from(canary);
const environment = Buffer.from(`export A='1'\nexport API_KEY='${canary}'\nexport B='2'\n`);

describe('a value is taken out of a console', () => {
  test.each([
    ['as it is', canary],
    ['in JSON', JSON.stringify({ key: canary })],
    ['in JSON in JSON', JSON.stringify(JSON.stringify({ key: canary }))],
    ['in a URL', `https://host/?key=${encodeURIComponent(canary)}`],
    ['in base64', value.toString('base64')],
    ['in base64 for URLs', value.toString('base64url')],
    ['in base64 of more, one byte on', Buffer.from(`x${canary}y`).toString('base64')],
    ['in base64 of more, two bytes on', Buffer.from(`xy${canary}z`).toString('base64')],
    ['in base64 in lines', environment.toString('base64').replace(/.{19}/g, '$&\n')],
    ['in hexadecimal', value.toString('hex')],
    ['in capital hexadecimal', value.toString('hex').toUpperCase()],
    ['in pieces', `${canary.slice(0, 20)}\n${canary.slice(20)}`],
  ])('%s', async (_how, printed) => {
    const tail = await tailOf(`cloud-init: begin\n${printed}\nagent: failed`, [value]);
    expect(findCanary(canary, tail)).toEqual([]);
    expect(tail).not.toContain(canary.slice(-12));
    expect(tail).toContain('[redacted]');
    expect(tail).toMatch(/agent: failed$/);
  });

  test('line by line, when it has several', async () => {
    const pem = Buffer.from(`-----BEGIN KEY-----\n${canary}\n-----END KEY-----`);
    expect(await tailOf(`read ${canary}!`, [pem])).toBe('read [redacted]!');
  });

  test('a ticket or a session is redacted too, with any environment', async () => {
    const mac = 'A_b-'.repeat(10);
    const [ticket, session] = [`t1.k1.${mac}abc`, `s1.k2.WyJ1IiwxXQ.${mac}abc`];
    const tail = await tailOf(
      `+ TICKET=${ticket}
> Authorization: Bearer ${session}`,
      [],
    );
    expect(tail).toBe('+ TICKET=[redacted] | > Authorization: Bearer [redacted]');
  });

  test('when it is short, only whole', async () => {
    expect(await tailOf('pin 4711, code 47', [Buffer.from('4711')])).toBe('pin [redacted], code 47');
  });
});

test('what is no value stays, and only the end is shown', async () => {
  const output = Array.from({ length: 50 }, (_, index) => `line ${index}`).join('\n');
  expect(await tailOf(output, [value, Buffer.from('e')])).toBe(
    'line 45 | line 46 | line 47 | line 48 | line 49',
  );
  expect(await tailOf('x'.repeat(1_000), [])).toHaveLength(400);
});

describe('a large environment', () => {
  const large = (bytes: number) => Buffer.from(`${'7'.repeat(bytes / 2)}${canary}${'7'.repeat(bytes / 2)}`);

  test('is searched to its end, also where a value is cut into chunks', async () => {
    for (const before of [0, 8_100, 8_150, 8_191, 500_000]) {
      const secret = Buffer.from(`${'x'.repeat(before)}${canary}${'y'.repeat(9_000)}`);
      for (const printed of [canary, Buffer.from(canary).toString('hex'), secret.toString('base64')]) {
        const shown =
          printed.length > 300 ? printed.slice((before * 4) / 3, (before * 4) / 3 + 100) : printed;
        const tail = await tailOf(`it printed ${shown}`, [secret]);
        expect(findCanary(canary, tail)).toEqual([]);
        expect(tail).toContain('[redacted]');
      }
    }
  });

  test('never keeps the loop: between two looks at the clock lies one form of one chunk', async () => {
    let looks = 0;
    let pauses = 0;
    const clock = {
      ...systemClock,
      monotonic: () => monoMs(5 * looks++),
      setTimeout: (fn: () => void) => {
        pauses += 1;
        queueMicrotask(fn);
        return { cancel: () => undefined };
      },
    };
    await redactedTail(`it printed ${canary}`, [large(800_000)], clock);
    expect(pauses).toBeGreaterThan(800);
  });

  test('beyond the limit keeps its console to itself, and says so', async () => {
    const tail = await tailOf(`it printed ${canary}`, [large(MOST_SECRET_BYTES)]);
    expect(tail).toMatch(/^\[withheld: its Secrets hold more than 1 MiB/);
  });
});

test('characters that hide or turn text are not shown', async () => {
  expect(await tailOf('a\u202eb\u200bc\u0007d', [])).toBe('a b c d');
});
