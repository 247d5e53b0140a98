import { plainText } from '../../controller/lib/plainText.ts';
import { type Cli, EXIT, type Flags, kubectlFor, type Terminal } from '../base/cli.ts';
import { GREEN, PLAIN, RED, YELLOW } from '../views/text.ts';
import { examine } from './examine.ts';
import { reachBy } from './gateway.ts';
import { type DoctorView, doctorView, type Result, type Verdict } from './result.ts';

const WORDS: Readonly<Record<Verdict, string>> = { ok: 'ok     ', failed: 'FAILED ', unknown: 'UNKNOWN' };
const COLOURS: Readonly<Record<Verdict, string>> = { ok: GREEN, failed: RED, unknown: YELLOW };
const SUFFIX_BYTES = 3;

interface DoctorFlags extends Flags {
  operatorNamespace?: string;
}

/** `kubectl workspace doctor` */
export function addDoctor({ command, clock, random, terminal, format, show, end }: Cli): void {
  command(
    'doctor',
    'Whether cluster, definitions, rights, operator, database, AWS, gateway and certificates are well',
  )
    .option('--operator-namespace <name>', 'where the operator is; without it all namespaces are searched')
    .addOption(format())
    .action(async (flags: DoctorFlags) => {
      const { namespace: _, ...others } = flags;
      const results = await examine({
        kubectl: kubectlFor(others),
        clock,
        operatorNamespace: flags.operatorNamespace ?? flags.namespace,
        suffix: random.bytes(SUFFIX_BYTES).toString('hex'),
        reach: reachBy(clock),
        onResult: (result) => {
          if (flags.output === undefined) terminal.write(lineOf(result, terminal));
        },
      });
      const view = doctorView(results);
      show(view, sumOf, flags);
      end(view.counts.ok === results.length ? EXIT.done : EXIT.notWell);
    });
}

function lineOf({ verdict, check, from, object, says, next }: Result, { isColoured }: Terminal): string {
  const word = isColoured ? `${COLOURS[verdict]}${WORDS[verdict]}${PLAIN}` : WORDS[verdict];
  const seenFrom = from === 'kubectl' ? '' : ` (from ${from === 'outside' ? 'this machine' : `a ${from}`})`;
  const line = `${word} ${plainText(`${check}${seenFrom}: ${object}: ${says}`)}\n`;
  return next === undefined ? line : `${line}        next: ${plainText(next)}\n`;
}

function sumOf({ counts: { ok, failed, unknown } }: DoctorView): string {
  const parts = [
    `${ok} ok`,
    `${failed} failed`,
    ...(unknown > 0 ? [`${unknown} could not be looked at, and may be well or not`] : []),
  ];
  return `${parts.join(', ')}.\n`;
}
