import { CommanderError } from 'commander';
import { systemClock } from '../controller/lib/clock.ts';
import { plainText } from '../controller/lib/plainText.ts';
import { CannotError } from './instance.ts';
import { KubectlError } from './kubectl.ts';
import { createProgram, EXIT } from './program.ts';

const { stdout, stderr, env } = process;
const { program, code } = createProgram(systemClock, {
  write: (text) => void stdout.write(text),
  isScreen: stdout.isTTY === true,
  isColoured: stdout.isTTY === true && !env.NO_COLOR,
});
async function run(): Promise<void> {
  try {
    await program.parseAsync();
    process.exitCode = code();
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
    else if (error instanceof KubectlError || error instanceof CannotError) {
      // kubectl repeats what an API server or a webhook says.
      stderr.write(`${error.message.split('\n').map(plainText).join('\n')}\n`);
      process.exitCode = EXIT.failed;
    } else throw error;
  }
}

// One file for Node 20 is CommonJS, which has no await up here.
void run();
