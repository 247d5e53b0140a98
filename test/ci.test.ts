import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const STEPS = join(import.meta.dirname, '..', '.ci', 'steps.sh');

/** Runs steps as .ci/run does, and answers with what they print and the status that the run would end with. */
function run(script: string): Promise<string> {
  return new Promise((resolve) =>
    execFile('bash', ['-c', `. "$0"\n${script}\necho "status $status"`, STEPS], (_error, stdout) =>
      resolve(stdout),
    ),
  );
}

test('each step is printed with its time and its budget, and the whole as well', async () => {
  const output = await run('step 60 true; step 5 true; print_times 100');
  expect(output).toMatch(/^== true\n== 0 s of 60 s$/m);
  expect(output).toMatch(
    /Times and budgets\n +\d s of +60 s {2}true\n +\d s of +5 s {2}true\n +\d s of +100 s {2}all/,
  );
  expect(output).toMatch(/status 0$/m);
});

test('a step over its budget is said to be, where it ends and in the table, and fails nothing', async () => {
  const output = await run('account "npm run test" 301 300; step 1 true; print_times 100');
  expect(output).toMatch(/^== 301 s of 300 s {2}OVER ITS BUDGET$/m);
  expect(output).toMatch(/^ +301 s of +300 s {2}OVER ITS BUDGET {2}npm run test$/m);
  expect(output.match(/OVER/g)).toHaveLength(2);
  expect(output).toMatch(/status 0$/m);
});

test('a run over its budget is said to be', async () => {
  expect(await run('SECONDS=7; step 1 true; print_times 6')).toMatch(/^ +7 s of +6 s {2}OVER.*all of it$/m);
});

test('a step that fails fails the run, with its own exit code, and the next one still goes', async () => {
  const output = await run('step 60 bash -c "exit 3"; echo "code $?"; step 60 true; print_times 100');
  expect(output).toMatch(/^== failed: bash -c exit 3$/m);
  expect(output).toContain('code 3');
  expect(output).toMatch(/status 1$/m);
});
