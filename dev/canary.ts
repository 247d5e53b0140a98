import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../src/controller/lib/clock.ts';
import { systemRandom } from '../src/controller/lib/random.ts';
import { Interrupted, interruption } from '../src/plugin/base/interruption.ts';
import { runCanary } from './canary/runCanary.ts';
import { CANARY_KEY, type CanaryTarget, CannotBegin } from './canary/target.ts';
import { createNarrator } from './terminal/narrator.ts';
import { openCluster } from './watch/cluster.ts';

const signal = interruption(systemClock, () => process.exit(130));
const narrator = createNarrator({ out: process.stdout, clock: systemClock });

const NOTHING_CHANGED = 2;

const program = new Command('canary')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : NOTHING_CHANGED))
  .description(
    `Changes the key ${CANARY_KEY} in a Secret of a Workspace, and watches for exactly one provision. The cluster is the one that KUBECONFIG names.`,
  )
  .argument('<namespace/name>', 'the Workspace', target)
  .option('--secret <name>', 'the Secret to change; without it the last one of spec.envFrom')
  .option('--seconds <n>', 'how long to watch from the launch on', seconds, 60)
  .addHelpText('after', '\nExit code: 0 exactly one provision, 1 not so, 2 nothing was changed.')
  .action(async (where: CanaryTarget, options: { secret?: string; seconds: number }) => {
    const cluster = openCluster(systemClock);
    try {
      const base = { cluster, clock: systemClock, random: systemRandom, narrator, signal };
      process.exitCode = (await runCanary({ ...base, ...where, ...options })) ? 0 : 1;
    } finally {
      await cluster.close();
    }
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof Interrupted) {
    narrator.plain('Interrupted; the new value stays in the Secret.');
    process.exitCode = 130;
  } else {
    const next = error instanceof CannotBegin ? '' : '; see that KUBECONFIG names a cluster that answers';
    narrator.plain(`Failed: ${error instanceof Error ? error.message : String(error)}${next}`, 'bad');
    process.exitCode = NOTHING_CHANGED;
  }
}

function target(text: string): CanaryTarget {
  const [, namespace, name] = /^([^/\s]+)\/([^/\s]+)$/.exec(text) ?? [];
  if (namespace === undefined || name === undefined)
    throw new InvalidArgumentError('give NAMESPACE/NAME, as in default/ada');
  return { namespace, name };
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 86_400))
    throw new InvalidArgumentError('give seconds, above 0 and up to 86400');
  return value;
}
