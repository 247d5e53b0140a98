import { parseCommandLine } from '../../../src/config/commandLine.ts';
import { kubeTransport } from '../../../src/controller/client/httpTransport.ts';
import { podConfig } from '../../../src/controller/client/kubeConfig.ts';
import { systemClock } from '../../../src/controller/lib/clock.ts';
import { systemRandom } from '../../../src/controller/lib/random.ts';
import { startOperator } from '../../../src/operator/operator.ts';
import { createLogger } from '../../../src/process/logging.ts';

// src/main.ts with one difference: it reaches the API server as from a Pod, by the service account in BENCH_MOUNT. A kubeconfig
// would load client-node, which no Pod does, and measure its 90 MB.
const mount = process.env.BENCH_MOUNT ?? '';
const invocation = parseCommandLine(['controller'], process.env);
if (!('command' in invocation) || invocation.command !== 'start')
  throw new Error('the settings start nothing');
const { role, config } = invocation;
const stopping = new AbortController();
const asked = new Promise<void>((resolve) => {
  process.on('SIGTERM', () => {
    stopping.abort();
    resolve();
  });
});
const operator = await startOperator(
  {
    config,
    role,
    clock: systemClock,
    random: systemRandom,
    logger: createLogger({ level: config.observability.logLevel, clock: systemClock }),
    proxy: undefined,
    transport: (metrics) =>
      kubeTransport({
        clock: systemClock,
        metrics,
        loadKubeConfig: () => {
          const pod = podConfig(process.env, mount);
          if (!pod) throw new Error(`${mount} holds no token`);
          return pod;
        },
        timeoutMs: config.kubernetes.timeoutMs,
        userAgent: 'workspace-operator',
      }),
  },
  stopping.signal,
);
await asked;
await operator?.stop();
