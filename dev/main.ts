import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../src/controller/lib/clock.ts';
import { systemRandom } from '../src/controller/lib/random.ts';
import { Interrupted, interruption } from '../src/plugin/base/interruption.ts';
import { runDemo } from './demo/demo.ts';
import { DEFAULT_FOLDER } from './keep/folder.ts';
import { keepUp } from './keep/keepUp.ts';
import type { OperatorProcess } from './stack/operatorProcess.ts';
import { createNarrator } from './terminal/narrator.ts';

const SPEED = '6';

let operator: OperatorProcess | undefined;
const signal = interruption(systemClock, () => void operator?.end('SIGKILL'));
const narrator = createNarrator({ out: process.stdout, clock: systemClock });
const base = {
  clock: systemClock,
  random: systemRandom,
  narrator,
  signal,
  onOperator: (started: OperatorProcess) => {
    operator = started;
  },
};

const program = new Command('dev').description(
  'The operator with a cluster, a cloud and a database on this machine.',
);
program
  .command('demo')
  .description('Plays the story: one change, one provision. Exit code 0 only if it was so.')
  .option('--naive', 'replay the incident the old way first', false)
  .option('--open', 'open a page in your browser that shows it too', false)
  .option('--speed <n>', 'how many times as fast as life', positive, positive(SPEED))
  .action(async (options: { naive: boolean; open: boolean; speed: number }) => {
    const good = await runDemo({ ...base, ...options });
    process.exitCode = good ? 0 : 1;
  });
program
  .command('dev')
  .description('Keeps it all up, for your own kubectl, until Ctrl-C. What there is stays for the next time.')
  .option('--fresh', 'forget the state of the last time', false)
  .option('--speed <n>', 'how many times as fast as life', positive, positive(SPEED))
  .option('--folder <path>', 'where the state is kept', DEFAULT_FOLDER)
  .option('--log-level <level>', 'of the operator: error, warn, info, debug', 'info')
  .action(async (options: { fresh: boolean; speed: number; folder: string; logLevel: string }) => {
    await keepUp({ ...base, ...options });
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof Interrupted) {
    process.exitCode = 130;
  } else {
    narrator.plain();
    narrator.plain(`Failed: ${error instanceof Error ? error.message : String(error)}`, 'bad');
    process.exitCode = 1;
  }
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 50)) throw new InvalidArgumentError('give a number above 0, up to 50');
  return value;
}
