import { systemClock } from '../controller/lib/clock.ts';
import { endingOf, endWithReader } from './endings.ts';
import { createProgram } from './program.ts';

const { stdout, stderr, env } = process;
const { program, code } = createProgram(systemClock, {
  write: (text) => void stdout.write(text),
  tell: (text) => void stderr.write(text),
  isScreen: stdout.isTTY === true,
  isColoured: stdout.isTTY === true && !env.NO_COLOR,
});
async function run(): Promise<void> {
  endWithReader(stdout, (ended) => process.exit(ended));
  try {
    await program.parseAsync();
    process.exitCode = code();
  } catch (error) {
    const ending = endingOf(error);
    stderr.write(ending.text);
    process.exitCode = ending.code;
  }
}

// One file for Node 20 is CommonJS, which has no await up here.
void run();
