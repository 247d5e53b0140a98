import { expect, test } from 'vitest';
import { createRedactor } from './redact.ts';

test.each([
  ['password=hunter22', 'password=[redacted]'],
  ['PGPASSWORD: hunter22', 'PGPASSWORD: [redacted]'],
  [String.raw`{\"api_key\":\"hunter22\"}`, String.raw`{\"api_key\":\"[redacted]\"}`],
  ['?access_token%3Dhunter22', '?access_token%3D[redacted]'],
  ['postgres://me:hunter22@db/x', 'postgres://[redacted]@db/x'],
  ['postgres://me:hunt@er22@db/x', 'postgres://[redacted]@db/x'],
  ['Authorization: Bearer hunter22', 'Authorization: [redacted] [redacted]'],
  ['a eyJhbGciOiJub25l.eyJzdWIi.x b', 'a [redacted] b'],
  ['AKIAABCDEFGHIJKLMNOP', '[redacted]'],
  ['t1.k1.abcdefghijklmnopqrstuvwx', '[redacted]'],
  ['-----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY----- b', '[redacted] b'],
  ['key 00112233445566778899aabbccddeeff', 'key [redacted]'],
  ['sha256:00112233445566778899aabbccddeeff00112233', 'sha256:00112233445566778899aabbccddeeff00112233'],
  ['uid 0b9f6c1e-5f4e-4a8e-9d6a-0f6a7a1b2c3d of workspace-operator-controller-6d5f8b7c9-x2x4z', undefined],
])(
  'without a known value, what looks like a credential goes and what helps stays: %s',
  (text, clean = text) => {
    expect(createRedactor([]).text(text)).toBe(clean);
  },
);

test.each(['password', 'a', 'secret.', 'token: ', 'a://b@', String.raw`\"secret`])(
  'a tenant’s message takes no longer than its length to search: 32,000 characters of %s',
  (word) => {
    // Minutes to hours, where the time grows with the square or the cube.
    createRedactor([]).text(word.repeat(32_000 / word.length));
  },
);

test('words that everybody may see stay, also where a Secret has them', () => {
  const redactor = createRedactor(
    [Buffer.from('postgres://workspace:correcthorse@db.example/workspaces')],
    ['workspace-operator'],
  );
  expect(redactor.text('workspace-operator lists workspaces')).toBe('workspace-operator lists workspaces');
  expect(redactor.text('as correcthorse')).toBe('as [redacted]');
});
