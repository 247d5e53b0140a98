import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startApiServer } from '../../dev/apiserver/server.ts';
import { createIdentityAuthority } from '../../dev/ec2/cloud/identity.ts';
import { systemClock } from '../../src/controller/lib/clock.ts';
import { systemRandom } from '../../src/controller/lib/random.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const PASSWORD = 'correct-horse-battery-staple';

function run(
  args: string[],
  env: Record<string, string>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [MAIN, ...args], { env }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') return reject(error);
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

it('--help ends well, on standard output', async () => {
  const { code, stdout, stderr } = await run(['--help'], {});
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('--gateway-listen-port <value>');
});

it('a wrong configuration ends with 2 before anything starts, every fault on a line, no secret among them', async () => {
  const env = { DATABASE_URL: `mysql://u:${PASSWORD}@h/d`, WORKSPACE_CONTROLLER_WORKERS: 'many' };
  const { code, stdout, stderr } = await run([], env);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr.trim().split('\n')).toEqual([
    expect.stringMatching(/^DATABASE_URL \(--database-url\) is not a postgres:\/\/ URL; give a URL$/),
    expect.stringMatching(/^WORKSPACE_CONTROLLER_WORKERS .*"many"/),
  ]);
  expect(stderr).not.toContain(PASSWORD);
});

it('a file that is not there ends with 2 as well', async () => {
  const { code, stderr } = await run([], {
    AWS_REGION: 'eu-central-1',
    DATABASE_URL: `postgres://u:${PASSWORD}@127.0.0.1:1/d`,
    WORKSPACE_GATEWAY_URL: 'https://gateway.example',
    WORKSPACE_GATEWAY_IDENTITY_CERTIFICATES_FILE: '/nowhere/ec2.pem',
  });
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^--gateway-identity-certificates-file .* \/nowhere\/ec2\.pem can't be read \(ENOENT\)/,
  );
});

it('the API server knows it by its name, so that what it writes has an owner that people recognise', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'main-process-'));
  const authority = await createIdentityAuthority(systemClock);
  const server = await startApiServer({ clock: systemClock, random: systemRandom });
  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const operator = spawn(process.execPath, [MAIN], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      KUBECONFIG: await write('kubeconfig', server.kubeconfig),
      AWS_REGION: 'eu-central-1',
      DATABASE_URL: 'postgres://u@127.0.0.1:1/d',
      WORKSPACE_GATEWAY_URL: 'https://gateway.example',
      WORKSPACE_GATEWAY_IDENTITY_CERTIFICATES_FILE: await write('ec2.pem', authority.certificatePEM),
    },
  });
  let said = '';
  operator.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(operator, 'exit');
  const early = ended.then(([code]) => Promise.reject(new Error(`the operator ended with ${code}: ${said}`)));
  try {
    const known = expect
      .poll(() => server.counters.rows().map(({ userAgent }) => userAgent), { timeout: 60_000 })
      .toContain('workspace-operator');
    await Promise.race([known, early]);
  } finally {
    early.catch(() => undefined);
    operator.kill('SIGTERM');
    await ended;
    await server.stop();
    await rm(folder, { recursive: true });
  }
});
