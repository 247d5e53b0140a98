import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canRunShellInstances } from '../../dev/instances/shellRuntime.ts';
import { CHECKS, tryCheck } from '../conformance/conformance.ts';

const CHECKOUT = join(import.meta.dirname, '..', '..');
const EXAMPLE = join(CHECKOUT, 'deploy', 'examples', 'agent.mjs');

const AGENTS = {
  'the shell agent': { agent: 'sh src/agent/agent.sh', runs: canRunShellInstances() },
  'the agent of the example': { agent: `'${process.execPath}' '${EXAMPLE}'`, runs: true },
};

for (const [who, { agent, runs }] of Object.entries(AGENTS))
  describe.skipIf(!runs)(`${who} keeps the rule`, () => {
    test.concurrent.each(CHECKS)('$id: $rule', async (check) => {
      const { violation, output } = await tryCheck(check, { agent, cwd: CHECKOUT });
      expect(violation, output).toBeUndefined();
    });
  });

/** The example with one fault: the rule that it breaks, what stands in the example, and what stands there instead. */
const WRONG: readonly (readonly [rule: string, from: string, to: string])[] = [
  ['introduction', 'document, signature };', "document: document?.replace(',', ', '), signature };"],
  ['certificate', 'headers, ca, timeout', 'headers, rejectUnauthorized: false, timeout'],
  ['bootstrap-retry-after', 'retryAfter(answer) || delay', 'delay'],
  ['bootstrap-no-answer', 'delay = Math.min(2 * delay, 60)', 'delay = 1'],
  ['boot-counter', "write(join(state, 'boot'), String(boot));", ''],
  ['credential-with-document', 'const fields = {', "const fields = read(join(state, 'credential')) ? {} : {"],
  ['void-credential', "if (answer.status === 401) write(join(state, 'credential'), '');", ''],
  [
    'new-environment',
    '({ digest, periodSeconds: period } = answer.body);',
    "digest = read(join(state, 'digest')) || answer.body.digest; write(join(state, 'digest'), digest); period = answer.body.periodSeconds;",
  ],
  ['bootstrap-over', '    if (answer.status === 410) retire();\n', ''],
  ['no-secrets-said', 'log(`bootstrap: HTTP', 'log(fields.ticket, `: HTTP'],
  ['heartbeat-content', 'seq += 1;', 'seq += 2;'],
  ['first-at-once', 'for (;;) await rest(await beat());', 'for (;;) { await rest(period); await beat(); }'],
  ['period', 'period = answer.body.periodSeconds;', ''],
  ['heartbeat-retry-after', 'return Math.max(', 'return Math.min('],
  ['gateway-away', 'return Math.max(', 'if (answer.status === undefined) seq -= 1;\n  return Math.max('],
  ['heartbeat-401', 'if (answer.status === 401) begin(await bootstrap());', ''],
  ['heartbeat-over', '\n  if (answer.status === 410) retire();\n', '\n'],
  ['restart-context', "write(join(state, 'acknowledged'), 'true');", ''],
  ['restart-context', "=== 'true' || undefined", "=== 'true' || true"],
  [
    'unknown-fields',
    'body: answer.text ===',
    "body: answer.text.includes('future') ? nothing : answer.text ===",
  ],
  ['earlier-gateway', 'for (const name of fresh) refused.add(name);', ''],
  ['interruption', 'notice = { action, at: time };', ''],
  [
    'ca-rotation',
    "const optional = { agent: 'example/1',",
    "const optional = { ca: (globalThis.held = globalThis.told ?? 'a'.repeat(64)),",
  ],
];

describe('an agent with one fault breaks the rule', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wrong-agents-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('of each check', () => {
    expect(new Set(WRONG.map(([rule]) => rule))).toEqual(new Set(CHECKS.map(({ id }) => id)));
  });

  test.concurrent.each(WRONG.map(([rule, from, to], index) => ({ rule, from, to, index })))(
    '$rule, with “$to” for “$from”',
    async ({ rule, from, to, index }) => {
      const text = await readFile(EXAMPLE, 'utf8');
      expect(text.split(from)).toHaveLength(2);
      const file = join(folder, `${index}.mjs`);
      const told = 'period = answer.body.periodSeconds; globalThis.told = answer.body.ca ?? globalThis.told;';
      const wrong = text.replace(from, () => to);
      await writeFile(
        file,
        rule === 'ca-rotation' ? wrong.replace('period = answer.body.periodSeconds;', told) : wrong,
      );
      const check = CHECKS.find(({ id }) => id === rule);
      if (!check) throw new Error(`there is no rule ${rule}`);
      const { violation } = await tryCheck(check, {
        agent: `'${process.execPath}' '${file}'`,
        cwd: CHECKOUT,
      });
      expect(violation).toEqual(expect.any(String));
    },
  );
});
