import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { plainText } from '../controller/lib/plainText.ts';
import { CannotError } from './base/kubectl.ts';
import type { SeenWorkspace } from './views/seen.ts';

/** `eu-central-1a`, `us-west-2-lax-1a` (a Local Zone) and `us-gov-west-1b` begin with their region. */
const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d+/;

/** Anything else could be a flag or a file to AWS's CLI, or more than one word to the shell that a person gives the command to. */
const INSTANCE_ID = /^i-[0-9a-f]{1,17}$/;

/** The command of AWS's CLI that shows the console of the instance, or opens a session on it. @throws CannotError */
export function awsCommand(
  what: 'console' | 'session',
  { metadata, status }: SeenWorkspace,
): readonly string[] {
  const { id, state, zone } = status?.instance ?? {};
  const [region] = REGION.exec(zone ?? '') ?? [];
  if (id === undefined || state === 'terminated')
    throw new CannotError(
      `${metadata.name} has no instance; kubectl workspace why ${metadata.name} says why`,
    );
  if (!INSTANCE_ID.test(id))
    throw new CannotError(
      `${metadata.name}’s status names “${plainText(id)}” as its instance, which is no instance id: someone else than the operator wrote it`,
    );
  if (region === undefined)
    throw new CannotError(`${metadata.name}’s status has no zone of ${id} yet; try again`);
  const where = ['--region', region];
  return what === 'console'
    ? ['aws', 'ec2', 'get-console-output', ...where, '--instance-id', id, '--latest', '--output', 'text']
    : ['aws', 'ssm', 'start-session', ...where, '--target', id];
}

/** Its exit code. @throws CannotError when it can't be started */
export function runCommand(line: readonly string[]): Promise<number> {
  return run(line);
}

/** The same, but its output is shown as plain text: an instance prints any bytes to its console. */
export function showCommand(line: readonly string[], write: (text: string) => void): Promise<number> {
  return run(line, (text) =>
    write(`${stripVTControlCharacters(text).split('\t').map(plainText).join('\t')}\n`),
  );
}

function run([program = '', ...args]: readonly string[], onLine?: (text: string) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['inherit', onLine ? 'pipe' : 'inherit', 'inherit'] });
    if (child.stdout && onLine)
      createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine);
    child.once('error', () =>
      reject(
        new CannotError(`${program} can’t be started; install it, or type: ${[program, ...args].join(' ')}`),
      ),
    );
    child.once('close', (code) => resolve(code ?? 1));
  });
}
