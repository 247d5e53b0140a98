import type { Writable } from 'node:stream';
import { CommanderError } from 'commander';
import { plainText } from '../controller/lib/plainText.ts';
import { EXIT } from './base/cli.ts';
import { CannotError, KubectlError } from './base/kubectl.ts';

/** What a shell reports of a program that wrote to a pipe whose reader had gone. */
const PIPE_CLOSED = 141;
/** Lines of a stack that a person can report; the program is one line of 200 kB, which Node itself would print. */
const STACK_LINES = 6;

/** What an error comes to: text for stderr, and the exit code. */
export function endingOf(error: unknown): { text: string; code: number } {
  if (error instanceof CommanderError)
    return { text: '', code: error.exitCode === 0 ? EXIT.done : EXIT.usage };
  // kubectl repeats what an API server or a webhook says.
  if (error instanceof KubectlError || error instanceof CannotError)
    return { text: plainLines(error.message), code: EXIT.failed };
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const said = stack.split('\n').slice(0, STACK_LINES).join('\n');
  return {
    text: `A fault of kubectl workspace itself; please report it:\n${plainLines(said)}`,
    code: EXIT.failed,
  };
}

/** `kubectl workspace status | head` ends quietly once head has. */
export function endWithReader(stream: Pick<Writable, 'on'>, exit: (code: number) => void): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    exit(PIPE_CLOSED);
  });
}

function plainLines(text: string): string {
  return `${text.split('\n').map(plainText).join('\n')}\n`;
}
