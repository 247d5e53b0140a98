import { readBuildInfo } from './config/buildInfo.ts';
import { ConfigError, parseCommandLine } from './config/commandLine.ts';
import { describeConfig } from './config/settings.ts';
import { kubeTransport } from './controller/client/httpTransport.ts';
import { loadKubeConfig } from './controller/client/kubeConfig.ts';
import { systemClock } from './controller/lib/clock.ts';
import { systemRandom } from './controller/lib/random.ts';
import { readProxy } from './operator/awsProxy.ts';
import { createLogger } from './process/logging.ts';
import { stopWithin } from './process/stopWithin.ts';

/** Below the grace that Kubernetes gives a Pod by default, 30 s. */
const STOP_LIMIT_MS = 25_000;

async function main(): Promise<number> {
  const invocation = parseCommandLine(process.argv.slice(2), process.env);
  if ('help' in invocation) {
    process.stdout.write(invocation.help);
    return 0;
  }
  if (invocation.command !== 'start') {
    // Loaded only here: a start has no use for it.
    const { runCommand } = await import('./doctor/commands.ts');
    return runCommand(invocation, (line) => process.stdout.write(`${line}\n`));
  }
  const { role, config } = invocation;
  const proxy = readProxy(process.env);
  const logger = createLogger({ level: config.observability.logLevel, clock: systemClock });
  const stopping = new AbortController();
  const asked = new Promise<string>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        // The second signal is a person who does not want to wait.
        if (stopping.signal.aborted) process.exit(130);
        stopping.abort();
        resolve(signal);
      });
    }
  });
  logger.info({ role, ...readBuildInfo(), config: describeConfig(config) }, 'starting');
  // Not loaded to print a version, or the fault of a setting.
  const { startOperator } = await import('./operator/operator.ts');
  const run = async () => {
    const operator = await startOperator(
      {
        config,
        role,
        clock: systemClock,
        random: systemRandom,
        logger,
        proxy,
        transport: (metrics) =>
          kubeTransport({
            clock: systemClock,
            metrics,
            loadKubeConfig: () => loadKubeConfig(config.kubernetes.kubeconfig),
            timeoutMs: config.kubernetes.timeoutMs,
            userAgent: 'workspace-operator',
          }),
      },
      stopping.signal,
    );
    if (!operator) return;
    logger.info({ role, gatewayURL: operator.gatewayURL }, 'started');
    await asked;
    await operator.stop();
  };
  const running = run();
  await Promise.race([running, asked]);
  if (!stopping.signal.aborted) return 0;
  logger.info({ signal: await asked }, 'stopping');
  // A start that waits for an API server which accepts connections and answers nothing has no more time than a stop.
  if (await stopWithin(systemClock, STOP_LIMIT_MS, () => running)) {
    logger.info('stopped');
    return 0;
  }
  logger.error({ limitMs: STOP_LIMIT_MS }, 'the stop did not end in time; ending without it');
  // A connection that is still open would keep the process.
  process.exit(1);
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'failed for an unknown reason'}\n`);
  process.exitCode = error instanceof ConfigError ? error.exitCode : 1;
}
