import type { Invocation, Role } from '../config/commandLine.ts';
import type { Config } from '../config/config.ts';
import { FILE_READERS } from '../config/configFiles.ts';
import { kubeTransport } from '../controller/client/httpTransport.ts';
import { kubeClient } from '../controller/client/kubeClient.ts';
import { loadKubeConfig } from '../controller/client/kubeConfig.ts';
import { parseScope } from '../controller/client/scope.ts';
import type { Transport } from '../controller/client/transport.ts';
import { type Clock, systemClock } from '../controller/lib/clock.ts';
import { type Random, systemRandom } from '../controller/lib/random.ts';
import { createRegistry, createRuntimeMetrics } from '../controller/serve/metrics.ts';
import { createBuckets } from '../ec2/calls/buckets.ts';
import { createEc2Metrics } from '../ec2/calls/metrics.ts';
import { createEc2Calls } from '../ec2/client.ts';
import { proxiedCredentials, readProxy } from '../operator/awsProxy.ts';
import { createLogger } from '../process/logging.ts';
import { awsCheck } from './aws.ts';
import { gatewayCheck } from './certificate.ts';
import { databaseCheck } from './database.ts';
import { definitionsCheck } from './definitions.ts';
import { runChecks } from './doctor.ts';
import { type Check, failed, hasFailed } from './finding.ts';
import { kubernetesCheck } from './kubernetes.ts';
import { rightsCheck } from './rights.ts';
import { judgeUninstall } from './uninstall/uninstall.ts';

type Once = Extract<Invocation, { command: 'check' | 'uninstall-check' }>;

/** Runs a command to its end. Resolves to its exit code. */
export async function runCommand(invocation: Once, print: (line: string) => void): Promise<number> {
  const { config } = invocation;
  const { kubeconfig, timeoutMs, namespace } = config.kubernetes;
  const { namespaces: watched } = parseScope(config.kubernetes.watchNamespaces);
  const clock = systemClock;
  const transport = kubeTransport({
    clock,
    metrics: createRuntimeMetrics(createRegistry()),
    loadKubeConfig: () => loadKubeConfig(kubeconfig),
    timeoutMs,
    userAgent: `workspace-operator ${invocation.command}`,
  });
  try {
    if (invocation.command === 'check')
      return await check({ ...invocation, clock, random: systemRandom, transport, print });
    const kube = kubeClient(transport, { clock, timeoutMs });
    return await judgeUninstall({ ...invocation, kube, clock, namespace, watched, print });
  } finally {
    await transport.close();
  }
}

export interface CheckOptions {
  config: Config;
  role: Role;
  /** host:port of the gateway, where it differs from its URL. */
  connectTo?: string | undefined;
  output?: 'text' | 'json';
  clock: Clock;
  random: Random;
  transport: Transport;
  print(line: string): void;
}

/** `check`: tests everything that this part needs for its work. Resolves to the exit code: 0, or 1 if a check failed. */
export async function check(options: CheckOptions): Promise<number> {
  const { config, role, clock, random, transport, print } = options;
  const proxy = readProxy(process.env);
  const { timeoutMs, namespace } = config.kubernetes;
  const kube = kubeClient(transport, { clock, timeoutMs });
  const { namespaces: watched } = parseScope(config.kubernetes.watchNamespaces);
  const { database, gateway } = config;
  const closing: (() => void)[] = [];
  const checks: Check[] = [
    kubernetesCheck(kube),
    definitionsCheck(transport, timeoutMs),
    rightsCheck({
      kube,
      namespace,
      watched,
      part: role,
    }),
  ];
  if (database.url !== undefined)
    checks.push(
      databaseCheck({
        databaseURL: database.url,
        caFile: database.caFile,
        passwordFile: database.passwordFile,
        iamRegion: database.auth === 'RdsIam' ? config.aws.region : undefined,
        iamCredentials: proxy && proxiedCredentials(config.aws.region, proxy),
        timeoutMs: database.statementTimeoutMs,
      }),
    );
  if (role !== 'gateway' && config.aws.region !== undefined) checks.push(aws(config.aws.region));
  if (role !== 'controller' && gateway.url !== undefined) checks.push(await gatewayOf(gateway.url));
  try {
    return (await runChecks(checks, print, options.output)).some(hasFailed) ? 1 : 0;
  } finally {
    for (const close of closing) close();
  }

  function aws(region: string): Check {
    const metrics = createEc2Metrics(createRegistry());
    const calls = createEc2Calls({
      region,
      proxy,
      endpoint: config.aws.ec2Endpoint,
      timeoutMs: config.aws.timeoutMs,
      buckets: createBuckets({ clock, random, metrics }),
      clock,
      metrics,
      logger: createLogger({ level: 'silent', clock }),
    });
    closing.push(() => calls.close());
    return awsCheck({ kube, calls, region, random, watched: watched ?? [] });
  }

  async function gatewayOf(url: string): Promise<Check> {
    const { connectTo } = options;
    try {
      const caBundle = await FILE_READERS.caBundle(config, clock.now());
      return gatewayCheck({ url, connectTo, caBundle, timeoutMs, clock });
    } catch (error) {
      const cause = error instanceof Error ? error.message : 'the CA bundle can not be read';
      const object = 'the CA bundle';
      const finding = failed('gateway', object, cause, 'correct gateway.ca.existingConfigMap');
      return { name: 'gateway', object, run: async () => [finding] };
    }
  }
}
