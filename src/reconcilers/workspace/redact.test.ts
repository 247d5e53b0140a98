import { describe, expect, test } from 'vitest';
import { createCanary, findCanary } from '../../../test/support/canary.ts';
import { redactedTail } from './redact.ts';

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
  ])('%s', (_how, printed) => {
    const tail = redactedTail(`cloud-init: begin\n${printed}\nagent: failed`, [value]);
    expect(findCanary(canary, tail)).toEqual([]);
    expect(tail).not.toContain(canary.slice(-12));
    expect(tail).toContain('[redacted]');
    expect(tail).toMatch(/agent: failed$/);
  });

  test('line by line, when it has several', () => {
    const pem = Buffer.from(`-----BEGIN KEY-----\n${canary}\n-----END KEY-----`);
    expect(redactedTail(`read ${canary}!`, [pem])).toBe('read [redacted]!');
  });

  test('and so is a ticket or a session, whatever the environment', () => {
    const mac = 'A_b-'.repeat(10);
    const [ticket, session] = [`t1.k1.${mac}abc`, `s1.k2.WyJ1IiwxXQ.${mac}abc`];
    const tail = redactedTail(
      `+ TICKET=${ticket}
> Authorization: Bearer ${session}`,
      [],
    );
    expect(tail).toBe('+ TICKET=[redacted] | > Authorization: Bearer [redacted]');
  });

  test('when it is short, only whole', () => {
    expect(redactedTail('pin 4711, code 47', [Buffer.from('4711')])).toBe('pin [redacted], code 47');
  });
});

test('what is no value stays, and only the end is shown', () => {
  const output = Array.from({ length: 50 }, (_, index) => `line ${index}`).join('\n');
  expect(redactedTail(output, [value, Buffer.from('e')])).toBe(
    'line 45 | line 46 | line 47 | line 48 | line 49',
  );
  expect(redactedTail('x'.repeat(1_000), [])).toHaveLength(400);
});
