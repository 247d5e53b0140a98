import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readAgentFiles } from './files.ts';
import { MAX_USER_DATA_BYTES, renderUserData, UserDataTooLarge } from './userData.ts';

const INPUT = {
  stub: 1,
  gatewayURL: 'https://gateway.example:8443/',
  ticket: 't1.k1.x',
  uid: 'u-1',
  number: 3,
} as const;

test('stub 1 is frozen: the bytes of every launch in flight depend on it', () => {
  const full = {
    ...INPUT,
    caBundle: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
    classScript: 'echo hi',
  };
  const digest = (text: string) => createHash('sha256').update(text).digest('hex');
  expect(digest(renderUserData(INPUT))).toBe(
    '3c05672f8176e448bbdb0a95f0aa21c57b857f1096b635cebe1bd355a93dd556',
  );
  expect(digest(renderUserData(full))).toBe(
    '95957b51344836ed96485ee31b8a4a1255ad8decaf5ea612f3e036620797e5fa',
  );
});

test('stub 2 is frozen as well', () => {
  const full = {
    ...INPUT,
    stub: 2,
    agentDigest: 'a'.repeat(64),
    caBundle: 'CA',
    classScript: 'echo hi',
  } as const;
  const digest = createHash('sha256').update(renderUserData(full)).digest('hex');
  expect(digest).toBe('4e867995124c37cb7d38ab1fd3097b6cb1ca0d032647135cfdf2936fbfe8acd8');
  expect(() => renderUserData({ ...INPUT, stub: 2 })).toThrow(/names an agent by its digest/);
});

test('stub 2 takes no more room than stub 1, so that a class whose script fitted still fits', () => {
  const [one, two] = ([1, 2] as const).map((stub) =>
    Buffer.byteLength(renderUserData({ ...INPUT, stub, agentDigest: 'a'.repeat(64), classScript: 'x' })),
  );
  expect(two).toBeLessThanOrEqual(one ?? 0);
});

test.each([1, 2] as const)('stub %i is small, and a shell reads it', (stub) => {
  const text = renderUserData({ ...INPUT, stub, agentDigest: 'a'.repeat(64), classScript: 'true' });
  expect(Buffer.byteLength(text)).toBeLessThan(3_000);
  expect(spawnSync('sh', ['-n'], { input: text }).status).toBe(0);
});

test('no input can break out of its place', () => {
  const nasty = `'"$(touch /tmp/never)\`\\\nEND_0\n`;
  const text = renderUserData({
    ...INPUT,
    gatewayURL: nasty,
    ticket: nasty,
    uid: nasty,
    classScript: nasty,
    caBundle: nasty,
  });
  const config = text.slice(text.indexOf('WORKSPACE_GATEWAY=')).split(/\nEND_[0-9a-f]{16}\n/)[0];
  const out = execFileSync(
    'sh',
    ['-c', `${config}\nprintf %s "$WORKSPACE_GATEWAY$WORKSPACE_UID$WORKSPACE_TICKET"`],
    {
      encoding: 'utf8',
    },
  );
  expect(out).toBe(nasty.repeat(3));
  expect(spawnSync('sh', ['-n'], { input: text }).status).toBe(0);
});

test('what EC2 would refuse is refused here, with what to shorten', () => {
  const classScript = 'x'.repeat(MAX_USER_DATA_BYTES);
  expect(() => renderUserData({ ...INPUT, classScript })).toThrow(UserDataTooLarge);
  expect(() => renderUserData({ ...INPUT, classScript })).toThrow(
    /shorten spec\.userData of the WorkspaceClass \(16384 bytes\)/,
  );
  const bare = Buffer.byteLength(renderUserData({ ...INPUT, classScript: 'x' }));
  const fits = 'x'.repeat(MAX_USER_DATA_BYTES - bare + 1);
  expect(Buffer.byteLength(renderUserData({ ...INPUT, classScript: fits }))).toBe(MAX_USER_DATA_BYTES);
});

const verifier = spawnSync('systemd-analyze', ['--version']).status === 0;

test.runIf(verifier)('systemd takes the unit of the agent without a complaint', () => {
  const folder = mkdtempSync(join(tmpdir(), 'workspace-unit-test-'));
  try {
    const unit = join(folder, 'workspace-agent.service');
    writeFileSync(unit, readAgentFiles().unit);
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], {
      encoding: 'utf8',
    });
    const ours = stderr.split('\n').filter((line) => line.includes('workspace-agent.service'));
    expect([status, ours]).toEqual([0, []]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
