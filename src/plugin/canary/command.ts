import { InvalidArgumentError } from 'commander';
import { plainText } from '../../controller/lib/plainText.ts';
import { again, type Cli, EXIT, type Flags, kubectlFor } from '../base/cli.ts';
import { Interrupted, interruption } from '../base/interruption.ts';
import { LEDGER, ledgerCells, table } from '../views/text.ts';
import { quoted } from '../views/why.ts';
import { type CanaryView, runCanary } from './runCanary.ts';
import { verdictOf } from './verdict.ts';

const NAME_BYTES = 4;
const LIMIT_SECONDS = 1_200;
const WATCH_SECONDS = 60;

interface CanaryFlags extends Flags {
  class: string;
  timeout: number;
  seconds: number;
}

/** `kubectl workspace canary` */
export function addCanary({ command, clock, random, terminal, format, show, end }: Cli): void {
  command('canary', 'Creates a Workspace, changes it once, sees exactly one provision, and deletes it')
    .requiredOption('--class <name>', 'of which class; it costs an instance for some minutes')
    .option('--timeout <seconds>', 'for each of Ready, the change, and the end', seconds, LIMIT_SECONDS)
    .option('--seconds <n>', 'how long a second provision is watched for', seconds, WATCH_SECONDS)
    .addOption(format())
    .action(async (flags: CanaryFlags) => {
      const tell = (text: string) => terminal.tell(`${plainText(text)}\n`);
      try {
        const view = await runCanary({
          kubectl: kubectlFor(flags),
          clock,
          name: `canary-${random.bytes(NAME_BYTES).toString('hex')}`,
          className: flags.class,
          limitMs: flags.timeout * 1000,
          watchMs: flags.seconds * 1000,
          flags: `${flags.namespace === undefined ? '' : ` ${quoted(`--namespace=${flags.namespace}`)}`}${again(flags)}`,
          signal: interruption(clock, () => process.exit(EXIT.interrupted)),
          tell,
        });
        show(view, textOf, flags);
        end(view.good ? EXIT.done : EXIT.notWell);
      } catch (error) {
        if (!(error instanceof Interrupted)) throw error;
        tell('Interrupted; the Workspace is being deleted.');
        end(EXIT.interrupted);
      }
    });
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 86_400))
    throw new InvalidArgumentError('give seconds, above 0 and up to 86400');
  return value;
}

function textOf({
  name,
  namespace,
  className,
  seconds: took,
  provisions,
  ledger,
  faults,
}: CanaryView): string {
  const { ready, changed, gone } = took;
  const after = (value: number | undefined) => (value === undefined ? 'never' : `after ${value} s`);
  const head = table([
    ['Workspace', `${namespace}/${name} of class ${className}`],
    ['Ready', after(ready)],
    ['Changed', `${after(changed)}, provisions: ${provisions}`],
    ['Gone', after(gone)],
  ]);
  return `${head}\n${table([LEDGER, ...ledger.map(ledgerCells)])}\n${verdictOf(faults)}\n`;
}
