import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock } from '../../src/controller/lib/clock.ts';
import type { Random } from '../../src/controller/lib/random.ts';
import { type RunningApiServer, startApiServer } from '../apiserver/server.ts';
import type { Timings } from '../ec2/base/timings.ts';
import type { AgentControls } from '../ec2/instances/runtime.ts';
import { type Ec2Server, startEc2 } from '../ec2/server.ts';
import { createLightRuntime } from '../instances/lightRuntime.ts';
import { createShellRuntime, needShellInstances } from '../instances/shellRuntime.ts';
import { startDatabase } from '../postgres/database.ts';
import { withoutPassword } from '../postgres/given.ts';
import { apiPortIn, gatewayIdentityIn, writeFiles } from './files.ts';
import { installCluster, stageClient } from './install.ts';
import { type Speed, scaledCloud, scaledEnvironment } from './timings.ts';

export const REGION = 'eu-central-1';
const CLUSTER_FILE = 'cluster.json';

export interface StackOptions {
  clock: Clock;
  random: Random;
  logger: Logger;
  /** How fast the protocol and the cloud run; 1 is life size. */
  speed?: Speed;
  /** What differs from that in the cloud. */
  cloud?: Partial<Timings>;
  /** What runs on instances: the real shell agent, or one inside this process. */
  agents: 'shell' | 'light';
  /** Of an existing database; without it an embedded Postgres is started. */
  databaseURL?: string;
  /** Keeps cluster and cloud across restarts; without it a temporary folder. */
  folder?: string;
  /** Request buckets of the cloud; default AWS's. `{}` throttles nothing. */
  buckets?: Parameters<typeof startEc2>[0]['buckets'];
  /** Receives each part as it comes up. */
  onStarted?: (part: 'database' | 'cluster' | 'cloud', where: string) => void;
}

/** What an operator needs of a cluster. */
export interface ClusterAccess {
  url: string;
  /** The operator's, as YAML. */
  kubeconfig: string;
}

/** A cluster, a cloud and a database, without the operator. */
export interface StackOn<T extends ClusterAccess> {
  folder: string;
  api: T;
  ec2: Ec2Server;
  /** Holds, silences and crashes what runs on instances. */
  agents: AgentControls;
  databaseURL: string;
  kubeconfigPath: string;
  /** What an operator process needs in its environment to work on this stack. */
  operatorEnv: Record<string, string>;
  gatewayURL: string;
  stop(): Promise<void>;
}

/** One on the embedded API server. */
export type Stack = StackOn<RunningApiServer>;

/** Starts it all on loopback, with the kinds installed and the operator's namespace in place. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { clock, random, logger, folder: kept } = options;
  return startStackOn(options, async (folder, onStop) => {
    const file = kept && join(kept, CLUSTER_FILE);
    const api = await startApiServer({ clock, random, logger, file, port: await apiPortIn(folder) });
    onStop(api.stop);
    await installCluster(stageClient(api, clock));
    return api;
  });
}

/** The same on any cluster that has the kinds and the operator's namespace by the time `open` resolves. */
export async function startStackOn<T extends ClusterAccess>(
  options: StackOptions,
  open: (folder: string, onStop: (stop: () => Promise<void>) => void) => Promise<T>,
): Promise<StackOn<T>> {
  const { clock, random, logger, speed = 1, agents, folder: kept, onStarted = () => undefined } = options;
  if (agents === 'shell') needShellInstances();
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'workspace-stack-')));
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    const failures: unknown[] = [];
    for (const step of stops.splice(0).reverse())
      await step().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  };
  try {
    await mkdir(folder, { recursive: true });
    // Postgres runs as another user where this process is root, and its files are below.
    await chmod(folder, 0o755);
    if (kept === undefined) stops.push(() => rm(folder, { recursive: true, force: true }));
    const databaseURL = options.databaseURL ?? (await ownDatabase());
    onStarted('database', withoutPassword(databaseURL));
    const api = await open(folder, (step) => stops.push(step));
    onStarted('cluster', api.url);
    const instanceRuntime =
      agents === 'shell'
        ? createShellRuntime({ folder: join(folder, 'instances'), clock, random, logger })
        : createLightRuntime({
            clock,
            random,
            logger,
            maxBackoffMs: 60_000 / speed,
            noticePollMs: 5_000 / speed,
          });
    const ec2 = await startEc2({
      clock,
      random,
      region: REGION,
      timings: { ...scaledCloud(speed), ...options.cloud },
      instanceRuntime,
      logger,
      stateFile: kept && join(kept, 'cloud.json'),
      buckets: options.buckets,
    });
    stops.push(ec2.stop);
    onStarted('cloud', ec2.url);
    const gateway = await gatewayIdentityIn(folder);
    const { identityCertificatePEM } = ec2;
    const content = { kubeconfig: api.kubeconfig, apiURL: api.url, gateway, identityCertificatePEM };
    const files = await writeFiles(folder, content);
    const gatewayURL = `https://127.0.0.1:${gateway.port}`;
    return {
      folder,
      api,
      ec2,
      agents: instanceRuntime.controls,
      databaseURL,
      kubeconfigPath: files.kubeconfig,
      gatewayURL,
      operatorEnv: {
        ...scaledEnvironment(speed),
        KUBECONFIG: files.kubeconfig,
        AWS_REGION: REGION,
        AWS_ENDPOINT_URL_EC2: ec2.url,
        AWS_ENDPOINT_URL_SSM: ec2.url,
        AWS_ACCESS_KEY_ID: 'embedded',
        AWS_SECRET_ACCESS_KEY: 'embedded',
        DATABASE_URL: databaseURL,
        WORKSPACE_GATEWAY_URL: gatewayURL,
        WORKSPACE_GATEWAY_LISTEN_HOST: '127.0.0.1',
        WORKSPACE_GATEWAY_LISTEN_PORT: String(gateway.port),
        WORKSPACE_GATEWAY_CA_FILE: files.ca,
        WORKSPACE_GATEWAY_TLS_CERT_FILE: files.cert,
        WORKSPACE_GATEWAY_TLS_KEY_FILE: files.key,
        WORKSPACE_GATEWAY_IDENTITY_CERTIFICATES_FILE: files.identity,
        WORKSPACE_METRICS_LISTEN_HOST: '127.0.0.1',
        WORKSPACE_METRICS_LISTEN_PORT: '0',
        WORKSPACE_HEALTH_LISTEN_HOST: '127.0.0.1',
        WORKSPACE_HEALTH_LISTEN_PORT: '0',
      },
      stop,
    };
  } catch (error) {
    // What failed first is what counts.
    await stop().catch(() => undefined);
    throw error;
  }

  async function ownDatabase(): Promise<string> {
    const fresh = kept !== undefined && !existsSync(join(kept, CLUSTER_FILE));
    const database = await startDatabase({ clock, keepIn: kept, fresh });
    stops.push(database.stop);
    return database.url;
  }
}
