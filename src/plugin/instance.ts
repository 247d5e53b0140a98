import { spawn } from 'node:child_process';
import type { SeenWorkspace } from './seen.ts';

/** There is nothing to do that with; the message says why and what next. */
export class CannotError extends Error {
  override readonly name = 'CannotError';
}

/** `eu-central-1a`, `us-west-2-lax-1a` (a Local Zone) and `us-gov-west-1b` begin with their region. */
const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d+/;

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
  if (region === undefined)
    throw new CannotError(`${metadata.name}’s status has no zone of ${id} yet; try again`);
  const where = ['--region', region];
  return what === 'console'
    ? ['aws', 'ec2', 'get-console-output', ...where, '--instance-id', id, '--latest', '--output', 'text']
    : ['aws', 'ssm', 'start-session', ...where, '--target', id];
}

/** Its exit code. @throws CannotError when it can't be started */
export function runCommand([program = '', ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    child.once('error', () =>
      reject(
        new CannotError(`${program} can’t be started; install it, or type: ${[program, ...args].join(' ')}`),
      ),
    );
    child.once('close', (code) => resolve(code ?? 1));
  });
}
