import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { createDatabase, startDatabase } from '../../dev/postgres/database.ts';
import { query } from '../../dev/postgres/query.ts';
import { systemClock } from '../../src/controller/lib/clock.ts';
import type { TestDatabase } from '../support/gateway/postgres.ts';
import { CHECKS, tryCheck, type Verdict } from './conformance.ts';
import { closeStages } from './stage.ts';

/** How many rules are tried at once: each mostly waits. */
const AT_ONCE = 12;

const program = new Command('conformance')
  .description(
    'Tries each rule of the agent protocol on an agent, with the real gateway. Exit code 0 only if it keeps all.',
  )
  .requiredOption('--agent <command>', 'runs the agent, by sh -c, in the present folder')
  .option('--only <ids>', 'rules to try, separated by commas')
  .option('--output', 'prints what the agent wrote where it fails', false)
  .parse();
const { agent, only, output } = program.opts<{ agent: string; only?: string; output: boolean }>();
const ids = only?.split(',');
const unknown = ids?.filter((id) => !CHECKS.some((check) => check.id === id)) ?? [];
if (unknown.length > 0)
  program.error(`there is no rule ${unknown.join(', ')}; there are ${CHECKS.map(({ id }) => id).join(', ')}`);

const server = await startDatabase({ clock: systemClock });
let names = 0;
async function database(): Promise<TestDatabase> {
  names += 1;
  const url = await createDatabase(server.url, `conformance_${randomBytes(4).toString('hex')}_${names}`);
  return { url, query: (sql, values) => query(url, sql, values), release: async () => undefined };
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    left.length = 0;
    void closeStages()
      .finally(server.stop)
      .finally(() => process.exit(130));
  });

const left = CHECKS.filter(({ id }) => ids === undefined || ids.includes(id));
const verdicts: Verdict[] = [];
async function work(): Promise<void> {
  for (let check = left.shift(); check; check = left.shift())
    say(
      await tryCheck(check, {
        agent,
        cwd: process.env.INIT_CWD ?? process.cwd(),
        database: await database(),
      }),
    );
}

function say(verdict: Verdict): void {
  verdicts.push(verdict);
  const { check, violation } = verdict;
  process.stdout.write(
    `${violation === undefined ? 'ok    ' : 'FAILS '} ${check.id.padEnd(26)}${check.rule}\n`,
  );
  if (violation === undefined) return;
  process.stdout.write(`       ${violation}\n`);
  if (output) process.stdout.write(`${verdict.output.trimEnd().replaceAll(/^/gm, '       | ')}\n`);
}

try {
  await Promise.all(Array.from({ length: AT_ONCE }, work));
} finally {
  await server.stop();
}
const failed = verdicts.filter(({ violation }) => violation !== undefined).length;
process.stdout.write(
  failed === 0
    ? `\nThe agent keeps all ${verdicts.length} rules.\n`
    : `\nThe agent breaks ${failed} of ${verdicts.length} rules.\n`,
);
process.exitCode = failed === 0 ? 0 : 1;
