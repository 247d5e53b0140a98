import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Callers } from '../../src/gateway/access/callers.ts';
import { GatewayError } from '../../src/gateway/base/errors.ts';
import { createGatewayFixture, type GatewayFixture } from '../support/gateway/gateway.ts';

const DOCS = new URL('../../docs/callers.md', import.meta.url);
const TOKEN = 'token-of-a-proxy';

const PROGRAMS = {
  sh: ['sh', 'curl'],
  ts: [process.execPath],
  python: ['python3'],
} as const;
type Language = keyof typeof PROGRAMS;

/** Programs that are missing here; in CI none may be. */
function missing(language: Language): string[] {
  return PROGRAMS[language].filter(
    (program) => spawnSync('sh', ['-c', `command -v "${program}"`]).status !== 0,
  );
}

let fixture: GatewayFixture;
let folder: string;
let client: ChildProcess | undefined;
const refusing = { now: false };

const callers: Callers = {
  known: () => undefined,
  async identify(token) {
    if (refusing.now) throw new GatewayError('callers_unavailable');
    if (token !== TOKEN) throw new GatewayError('caller_unknown');
    return { id: token, username: 'proxy', uid: '', groups: [], extra: {} };
  },
  admit: async () => undefined,
};

beforeEach(async () => {
  refusing.now = false;
  folder = await mkdtemp(join(tmpdir(), 'callers-'));
  await writeFile(join(folder, 'token'), `${TOKEN}\n`);
  fixture = await createGatewayFixture({ callers, retryAfterSeconds: 1 });
});
afterEach(async () => {
  if (client?.pid !== undefined) {
    // The shell's pipe has processes of its own.
    process.kill(-client.pid, 'SIGKILL');
    client = undefined;
  }
  await fixture.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(language: Language, url: string): Promise<string[]> {
  const docs = await readFile(DOCS, 'utf8');
  const [, code = ''] = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(docs) ?? [];
  expect(code.split('\n').length).toBeLessThanOrEqual(25);
  const file = join(folder, `client.${language === 'ts' ? 'mts' : language}`);
  await writeFile(file, code);
  const [program = ''] = PROGRAMS[language];
  const lines: string[] = [];
  client = spawn(program, [file, 'team', 'ada'], {
    detached: true,
    env: { ...process.env, GATEWAY: url, TOKEN_FILE: join(folder, 'token') },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (client.stdout) createInterface(client.stdout).on('line', (line) => lines.push(line));
  return lines;
}

function shutDown(): void {
  fixture.put((_workspace, status) => {
    if (status.instance) status.instance.state = 'shutting-down';
  });
}

test.for(Object.keys(PROGRAMS) as Language[])(
  'the client in %s hears a change, waits out a refusal, and goes on at another gateway',
  async (language, { skip }) => {
    const absent = missing(language);
    if (absent.length > 0 && process.env.CI !== '1') {
      skip(`not run: ${absent.join(', ')} not found`);
    }
    expect(absent).toEqual([]);
    fixture.put();
    refusing.now = true;
    const { url } = await fixture.gateway.start();
    const lines = await start(language, url);
    const counted = async () =>
      (await fixture.registry.getSingleMetric('gateway_errors_total')?.get())?.values.find(
        ({ labels }) => labels.code === 'callers_unavailable',
      )?.value;
    await expect.poll(counted, { timeout: 60_000 }).toBeGreaterThan(0);
    refusing.now = false;
    await expect.poll(() => lines, { timeout: 60_000 }).toEqual(['Restarting Booting']);
    shutDown();
    await expect
      .poll(() => lines, { timeout: 60_000 })
      .toEqual(['Restarting Booting', 'Restarting Replacing']);
    await fixture.gateway.stop();
    await fixture.another({ callers, port: Number(new URL(url).port) }).start();
    await expect.poll(() => lines.length, { timeout: 60_000 }).toBe(3);
    expect(lines.at(-1)).toBe('Restarting Replacing');
  },
);
