import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readAgentFiles } from '../../../src/agent/files.ts';
import { AGENT_NAMES, SHELL_NAMES } from '../../../src/api/environment/reservedNames.ts';
import { fromLines, toLines } from '../../../src/gateway/base/lines.ts';
import { createMachine, type Machine, WAIT } from './shellAgent.ts';
import type { Programs } from './shells.ts';

const isRoot = userInfo().uid === 0;
/** Any user that every system has. */
const OTHER = 'nobody';

/** Laws of Secrets and settings, for all that a gateway of an earlier release lets through. For a `describe` of the shell. */
export function environmentLaws(name: string, programs: Programs): void {
  let machine: Machine;
  const closers: (() => unknown)[] = [];
  beforeEach(async () => {
    machine = await createMachine();
    machine.install(programs);
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) close();
    await machine.close();
  });

  /** A gateway of an earlier release, which serves all that the Secrets hold, and knows fewer fields. */
  async function earlierGateway(environment: Record<string, string>, refused: readonly string[] = []) {
    const { script, unit } = readAgentFiles();
    const beats: Record<string, unknown>[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        const { url = '' } = request;
        if (/^\/v1\/agent(\/[0-9a-f]{64})?$/.test(url)) return response.end(script);
        if (url === '/v1/agent/unit') return response.end(unit);
        if (url === '/v1/bootstrap') {
          const values = Object.fromEntries(
            Object.entries(environment).map(([name, value]) => [name, Buffer.from(value)]),
          );
          const answer = { digest: 'k1:0', credential: 's1.x', periodSeconds: 1, environment: values };
          return response.end(toLines(answer));
        }
        const beat = fromLines(Buffer.concat(chunks).toString()) ?? {};
        const bad = refused.filter((name) => name in beat);
        if (bad.length > 0) {
          response.statusCode = 400;
          const details = bad.map((name) => `${name}: invalid_format`);
          return response.end(JSON.stringify({ code: 'invalid_request', message: 'x', details }));
        }
        beats.push(beat);
        return response.end(toLines({ periodSeconds: 1 }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => {
      server.close();
      server.closeAllConnections();
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, beats };
  }

  const fromFile = (name: string) => machine.exists(name) && machine.read(name);

  test('no variable of a tenant replaces what the class runs, or keeps it from running', async () => {
    const evil = `printf tenant >>"${machine.root}/ran"`;
    const environment = Object.fromEntries([...SHELL_NAMES, ...AGENT_NAMES].map((name) => [name, evil]));
    const { url } = await earlierGateway({ ...environment, PATH: '/nowhere', GOOD: 'yes', LAST: 'too' });
    machine.metadata.lifeCycle = 'spot';
    machine.settings(
      `WORKSPACE_COMMAND='printf "$GOOD $LAST" >"${machine.root}/ran"; while :; do /bin/sleep 1; done'
WORKSPACE_INTERRUPTION_HOOK='printf "$WORKSPACE_INTERRUPTION_ACTION $GOOD" >"${machine.root}/farewell"'
WORKSPACE_INTERRUPTION_POLL=1
`,
    );
    const child = machine.boot(url);
    await expect.poll(() => fromFile('ran'), WAIT).toBe('yes too');
    machine.metadata.notice = '{"action":"stop","time":"2026-03-01T12:02:00Z"}';
    await expect.poll(() => fromFile('farewell'), WAIT).toBe('stop yes');
    expect(fromFile('ran')).toBe('yes too');
    expect(child.output()).not.toContain(evil);
  });

  test.each([
    ['whose user there is not', `WORKSPACE_USER=no-such-user\nWORKSPACE_COMMAND='sleep 60'\n`],
    ['whose user is no name', `WORKSPACE_USER='x$(touch never)'\nWORKSPACE_COMMAND='sleep 60'\n`],
    ['that is not there', `WORKSPACE_COMMAND=/no/such/program\n`],
    ['that fails at each start', `WORKSPACE_COMMAND='exit 3'\n`],
  ])('a command %s shows in the heartbeats, and no more once it runs', async (_kind, settings) => {
    const { url, beats } = await earlierGateway({ GOOD: 'yes' });
    machine.settings(settings);
    machine.boot(url);
    await expect.poll(() => beats.at(-1)?.trouble, WAIT).toBe('CommandFailing');
    machine.settings(`WORKSPACE_USER=\nWORKSPACE_COMMAND='sleep 60'\n`);
    await expect.poll(() => beats.at(-1) && beats.at(-1)?.trouble === undefined, WAIT).toBe(true);
  });

  test('a command that runs, or has done its work, is no trouble', async () => {
    const { url, beats } = await earlierGateway({ GOOD: 'yes' });
    machine.settings(`WORKSPACE_COMMAND='echo once >>"${machine.root}/ran"'\n`);
    machine.boot(url);
    await expect.poll(() => String(fromFile('ran')).split('\n').length, WAIT).toBeGreaterThan(3);
    expect(beats.filter(({ trouble }) => trouble !== undefined)).toEqual([]);
  });

  test.runIf(isRoot)('WORKSPACE_USER runs the command, and no program of the tenant before it', async () => {
    const { url } = await earlierGateway({ GOOD: "it's", PATH: machine.file('tenant') });
    machine.tenantProgram('id', `/bin/echo root >"${machine.file('open/stolen')}"`);
    machine.settings(
      `WORKSPACE_USER=${OTHER}
WORKSPACE_COMMAND='printf "%s %s %s" "$(/usr/bin/id -un)" "$USER" "$GOOD" >"${machine.file('open/ran')}"; exec /bin/sleep 60'
`,
    );
    machine.boot(url);
    await expect.poll(() => fromFile('open/ran'), WAIT).toBe(`${OTHER} ${OTHER} it's`);
    expect(fromFile('open/stolen')).toBe(false);
  });

  test('a field that the gateway refuses costs that field, not the heartbeat', async () => {
    const { url, beats } = await earlierGateway({ GOOD: 'yes' }, ['url']);
    machine.settings('WORKSPACE_URL=http://10.0.0.1\n');
    const child = machine.boot(url);
    await expect.poll(() => beats.length, WAIT).toBeGreaterThan(0);
    machine.write('run/workspace-agent/active-tasks', '4\n');
    await expect.poll(() => beats.at(-1)?.activeTasks, WAIT).toBe('4');
    expect(beats.at(-1)).not.toHaveProperty('url');
    expect(child.output().match(/does not take: url/g)).toHaveLength(1);
  });

  /** Names that the shell has itself, as it lists them, and that programs or other shells read. */
  function ownNames(): string[] {
    const shell = programs.sh ?? 'sh';
    const args = name === 'busybox' ? ['sh', '-c', 'set'] : ['-c', 'set'];
    const listed = execFileSync(shell, args, { encoding: 'utf8', env: { PATH: process.env.PATH ?? '' } });
    const names = listed.split('\n').flatMap((line) => /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(line)?.[1] ?? []);
    return [...new Set([...names, ...READ_BY_SHELLS])];
  }

  test('a name that the shell knows and any text pass unharmed: what can be set is there, byte for byte', async () => {
    const hostile = `'"\`$(touch ${machine.root}/never)\n\n#\\ \u0001ü`;
    const large = hostile.repeat(1 + (64 * 1024) / hostile.length).slice(0, 64 * 1024);
    const names = Object.fromEntries(ownNames().map((name) => [name, `a[$(touch ${machine.root}/never)]`]));
    const { url } = await earlierGateway({
      ...names,
      GOOD: hostile,
      good: 'small',
      Good: 'mixed',
      LARGE: large,
      LAST: 'too',
    });
    machine.settings(
      `WORKSPACE_COMMAND='PATH=${process.env.PATH}; for name in GOOD good Good LARGE LAST; do eval "printf %s \\"\\$$name\\"" >"${machine.root}/$name.value"; done; : >"${machine.root}/ran"; sleep 600'\n`,
    );
    machine.boot(url);
    await expect.poll(() => machine.exists('ran'), WAIT).toBe(true);
    const held = ['GOOD', 'good', 'Good', 'LARGE', 'LAST'].map((name) => machine.read(`${name}.value`));
    expect(held).toEqual([hostile, 'small', 'mixed', large, 'too']);
    expect(machine.exists('never')).toBe(false);
  });
}

const READ_BY_SHELLS = [
  ...[
    'ENV',
    'BASH_ENV',
    'BASH_XTRACEFD',
    'BASH_ARGV0',
    'BASH_COMPAT',
    'CDPATH',
    'GLOBIGNORE',
    'FUNCNAME',
    'GROUPS',
  ],
  ...[
    'PROMPT_COMMAND',
    'PS4',
    'POSIXLY_CORRECT',
    'TMOUT',
    'RANDOM',
    'SECONDS',
    'LINENO',
    'MAILPATH',
    'DIRSTACK',
  ],
  ...[
    'LC_ALL',
    'LANG',
    'IFS',
    'HOME',
    'SHLVL',
    '_',
    'EPOCHSECONDS',
    'COPROC',
    'MAPFILE',
    'REPLY',
    'HISTFILE',
  ],
];
