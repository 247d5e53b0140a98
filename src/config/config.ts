import { z } from 'zod';

declare module 'zod' {
  interface GlobalMeta {
    /** The environment's name for a setting, where it is not derived from its place. */
    env?: string;
    /** The flag, likewise. */
    flag?: string;
    /** The value is never shown. */
    secret?: true;
    /** The part of the process that can't do without. */
    neededBy?: 'controller' | 'gateway' | 'both';
  }
}

const DAY_MS = 86_400_000;
const MIB = 1_048_576;

/** A whole number; from flags and environment it comes as digits. */
function integer(min: number, max: number, value: number) {
  const read = (given: unknown) =>
    typeof given === 'string' && /^\d{1,15}$/.test(given.trim()) ? Number(given) : given;
  return z.preprocess(read, z.int({ error: 'is not a whole number' }).min(min).max(max)).default(value);
}

/** Milliseconds, up to 24 days: more overflows a timer. */
const ms = (value: number) => integer(1, 2 ** 31 - 1, value);
const text = z.string().trim().min(1).max(4096);
const port = (value: number) => integer(0, 65_535, value);
const httpURL = z.url({ protocol: /^https?$/, error: 'is not an http:// or https:// URL' }).max(2048);
/** Names of namespaces: RFC 1123 labels. */
const NAMESPACE_LIST = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\s*,\s*[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

const kubernetes = z
  .object({
    kubeconfig: text
      .optional()
      .meta({ flag: 'kubeconfig', env: 'KUBECONFIG' })
      .describe('Path of a kubeconfig; without it the Pod’s own service account.'),
    namespace: text
      .default('workspace-system')
      .describe('The operator’s own namespace, where its Lease and its keys are.'),
    watchNamespaces: z
      .string()
      .trim()
      .max(65_536)
      .regex(NAMESPACE_LIST, { error: 'is not a list of namespaces, separated by commas' })
      .optional()
      .meta({ flag: 'watch-namespaces', env: 'WORKSPACE_WATCH_NAMESPACES' })
      .describe(
        'Namespaces whose Workspaces are served, separated by commas; without it all. Workspaces elsewhere, and their instances, are left alone. Give controller and gateway the same.',
      ),
    timeoutMs: ms(15_000).describe('Limit of one request to the API server.'),
  })
  .describe('Kubernetes');

const aws = z
  .object({
    region: text
      .optional()
      .meta({ env: 'AWS_REGION', neededBy: 'controller' })
      .describe('AWS region. Credentials come from the AWS SDK’s own chain.'),
    accountID: z
      .string()
      .trim()
      .regex(/^[0-9]{12}$/, { error: 'is not 12 digits' })
      .optional()
      .meta({ env: 'AWS_ACCOUNT_ID' })
      .describe(
        'AWS account, 12 digits, that the identity document of an instance must name; without it documents of every account are taken. The region is checked wherever it is set.',
      ),
    ec2Endpoint: httpURL
      .optional()
      .meta({ env: 'AWS_ENDPOINT_URL_EC2' })
      .describe('Base URL of EC2; without it the region’s.'),
    ssmEndpoint: httpURL
      .optional()
      .meta({ env: 'AWS_ENDPOINT_URL_SSM' })
      .describe('Base URL of Systems Manager; without it the region’s.'),
    eventsQueueUrl: httpURL
      .optional()
      .describe(
        'URL of the SQS queue to which EventBridge sends EC2’s events, one for each cluster. With it, instances are looked at as their events come, and sweeps rest between.',
      ),
    timeoutMs: ms(15_000).describe(
      'Limit of one AWS request, RunInstances among them; what it may still do later is what late-ms waits for.',
    ),
    sweepIntervalMs: ms(10_000).describe('Pause between two looks at all instances of the cluster.'),
    restIntervalMs: integer(60_000, 120_000, 60_000).describe(
      'The same pause while the events’ queue reports changes and nothing waits for such a look, 60,000 to 120,000.',
    ),
    lookupIntervalMs: ms(2_000).describe('Pause between two looks at launches in flight.'),
    statusIntervalMs: ms(30_000).describe('Pause between two looks for instances whose status checks fail.'),
    resolveIntervalMs: ms(300_000).describe(
      'How often a class’s images, subnets and security groups are looked up again.',
    ),
    capacityRetryMs: ms(180_000).describe(
      'How long an instance type without capacity in a zone is not asked for again.',
    ),
    requestRatePercent: integer(1, 100_000, 100).describe(
      'The account’s API request quotas in percent of AWS’s defaults; what exceeds them waits here.',
    ),
  })
  .describe('AWS');

const database = z
  .object({
    url: z
      .url({ protocol: /^postgres(ql)?$/, error: 'is not a postgres:// URL' })
      .max(4096)
      .optional()
      .meta({ env: 'DATABASE_URL', secret: true, neededBy: 'both' })
      .describe(
        'Postgres for heartbeats. Beyond loopback it says `?sslmode=verify-full` (with `&sslrootcert=FILE` for a CA of your own), or `?sslmode=disable` where the network is trusted. Better in the environment: everyone on the machine can see flags.',
      ),
    caFile: text
      .optional()
      .describe(
        'PEM bundle of the CA that the database’s certificate is checked with, read again at each new connection; without it the CAs that Node knows, RDS’s not among them.',
      ),
    passwordFile: text
      .optional()
      .describe('File with the password, read again at each new connection, in place of the URL’s.'),
    auth: z
      .enum(['Password', 'RdsIam'])
      .default('Password')
      .describe(
        'RdsIam logs each connection in with a token of RDS’s IAM authentication, made with the process’s AWS credentials, which need `rds-db:connect`.',
      ),
    poolSize: integer(1, 1_000, 10).describe('Connections to the database that one process keeps at most.'),
    statementTimeoutMs: ms(3_000).describe(
      'Limit of one statement, here and on the server, and of getting a connection.',
    ),
  })
  .describe('Database');

const gateway = z
  .object({
    url: httpURL
      .refine((url) => url.startsWith('https:') || LOOPBACK.test(new URL(url).hostname), {
        error: 'is not https, and secrets travel there; only a loopback address may do without',
      })
      .optional()
      .meta({ neededBy: 'controller' })
      .describe('Where instances find the gateway. It is kept with each launch.'),
    caFile: text
      .optional()
      .describe(
        'PEM bundle that instances check the gateway’s certificate with; without it the system’s. This file and those below are read again every ten seconds; one that can’t be used leaves the one before it in use.',
      ),
    // Not "port": a Service called workspace-gateway puts WORKSPACE_GATEWAY_PORT=tcp://… into every Pod beside it.
    listenHost: text.default('0.0.0.0').describe('Address that the gateway listens on.'),
    listenPort: port(8443).describe('Port that the gateway listens on; 0 for any free one.'),
    tlsCertFile: text.optional().describe('PEM certificate chain of the gateway; without it plain HTTP.'),
    tlsKeyFile: text.optional().describe('PEM key of that certificate.'),
    identityCertificatesFile: text
      .optional()
      .meta({ neededBy: 'gateway' })
      .describe(
        'PEM bundle of the certificates that EC2 signs instance identity documents with; AWS publishes one a region ("Verify the instance identity document", EC2 User Guide).',
      ),
    callerPolicy: z
      .enum(['Review', 'Everyone'])
      .default('Review')
      .describe(
        'Who may report a Workspace or ask for its state: callers whose bearer token the API server accepts and who may `get` it, or everyone who reaches the gateway.',
      ),
    callerAudience: text
      .default('workspace-gateway')
      .describe(
        'Audience that those tokens must be for; several are separated by commas, and one is enough.',
      ),
    callerCacheMs: ms(10_000).describe('How long the API server’s answers about them are good.'),
    callerStaleMs: ms(300_000).describe(
      'How long such answers are still taken while the API server can’t be asked.',
    ),
    callerTimeoutMs: ms(5_000).describe('Limit of one question about them.'),
    perLaunchLimit: integer(1, 1_000_000, 300).describe('Requests a minute that one launch may make.'),
    perCallerLimit: integer(1, 10_000_000, 3_000).describe(
      'Requests a minute that one caller may make whose token the API server knows.',
    ),
    perAddressLimit: integer(1, 10_000_000, 3_000).describe(
      'Requests a minute that one address may make which prove nothing. An IPv6 address counts by its first 64 bits.',
    ),
    maxConnections: integer(1, 1_000_000, 20_000).describe('Connections of the gateway in all.'),
    maxConnectionsPerAddress: integer(1, 1_000_000, 5_000).describe(
      'Connections from one address, or one IPv6 network of 64 bits; many instances can share that of their NAT gateway. At a limit the oldest idle one is closed.',
    ),
    maxEnvironmentBytes: integer(1_024, 64 * MIB, MIB).describe(
      'Largest merged environment of a Workspace, in bytes of names and values; the controller launches nothing with a larger one, and the gateway serves none. Give both the same.',
    ),
    maxEnvironmentBytesInFlight: integer(1_024, 65_536 * MIB, 64 * MIB).describe(
      'Environments that the gateway reads and sends at once, in bytes; beyond it instances are asked to come again. Each byte costs about five of memory.',
    ),
    flushIntervalMs: ms(200).describe('How long heartbeats are gathered into one statement.'),
    beatIntervalMs: ms(1_000).describe('How often the gateway is recorded as up.'),
    retentionMs: ms(14 * DAY_MS).describe(
      'For how long a launch is kept that no gateway serves or hears, before it is forgotten.',
    ),
  })
  .describe('Gateway');

const controller = z
  .object({
    workers: integer(1, 256, 8).describe('Workspaces reconciled at once.'),
    leaseDurationMs: ms(15_000).describe('Age at which another process may take the lease.'),
    leaseRenewDeadlineMs: ms(10_000).describe(
      'How long the leader tries to renew it before it stops acting.',
    ),
    leaseRetryPeriodMs: ms(2_000).describe('Pause between two attempts on the lease.'),
    classStatusIntervalMs: ms(5_000).describe(
      'Least time between two writes of a class’s counts and progress.',
    ),
    evidencePollIntervalMs: ms(1_000).describe('How often heartbeats’ transitions are read.'),
    userDataRetentionMs: ms(3_600_000).describe(
      'How long a text that user data was rendered from is kept once no class and no launch refers to it.',
    ),
    drainGraceMs: ms(10_000).describe('How long reconciles at work may go on once the process is to end.'),
  })
  .describe('Controller');

const orphans = z
  .object({
    policy: z
      .enum(['Report', 'Terminate'])
      .default('Report')
      .describe(
        'What is done about instances of this cluster that no Workspace owns: they are reported alone, or, once nothing speaks for them, ended.',
      ),
    intervalMs: ms(60_000).describe('Least pause between two looks for them.'),
    graceMs: ms(600_000).describe(
      'How old one must be, how long it must have been without an owner, and how long heartbeats must have been judged without a break, before it is ended.',
    ),
    mostPerRound: integer(1, 1_000, 5).describe('Most of them ended after one look.'),
  })
  .describe('Orphans');

const timing = z
  .object({
    lateMs: ms(120_000).describe(
      'T_late: how long after it was sent a RunInstances may still take effect: client timeout, EC2’s delay and pauses.',
    ),
    visibilityMs: ms(300_000).describe('T_vis: how long EC2 may go on not showing an instance that exists.'),
    repairBackoffMinMs: ms(30_000).describe(
      'First pause after an unexpected end, a refusal for quota or one that a person must fix.',
    ),
    repairBackoffMaxMs: ms(900_000).describe('Longest such pause; it doubles from end to end.'),
    replayBackoffMinMs: ms(1_000).describe('First pause before an ambiguous RunInstances is replayed.'),
    replayBackoffMaxMs: ms(30_000).describe('Longest such pause.'),
    terminateRetryMs: ms(15_000).describe('Pause before a TerminateInstances without effect is sent again.'),
    replayMaxAgeMs: ms(3_600_000).describe(
      'Age of a launch past which its token is looked up, not replayed.',
    ),
    secondMs: ms(1_000).describe(
      'What a second of a class’s …Seconds fields lasts; other than 1000 in tests only.',
    ),
  })
  .describe('Launch protocol');

const observability = z
  .object({
    logLevel: z
      .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'])
      .default('info')
      .meta({ flag: 'log-level', env: 'WORKSPACE_LOG_LEVEL' })
      .describe('Least severity that is logged.'),
    metricsListenHost: text
      .default('0.0.0.0')
      .meta({ flag: 'metrics-listen-host', env: 'WORKSPACE_METRICS_LISTEN_HOST' })
      .describe('Address of the metrics.'),
    metricsListenPort: port(8080)
      .meta({ flag: 'metrics-listen-port', env: 'WORKSPACE_METRICS_LISTEN_PORT' })
      .describe('Port of /metrics; 0 for any free one.'),
    healthListenHost: text
      .default('0.0.0.0')
      .meta({ flag: 'health-listen-host', env: 'WORKSPACE_HEALTH_LISTEN_HOST' })
      .describe('Address of the probes.'),
    healthListenPort: port(8081)
      .meta({ flag: 'health-listen-port', env: 'WORKSPACE_HEALTH_LISTEN_PORT' })
      .describe('Port of /healthz and /readyz; 0 for any free one.'),
  })
  .describe('Logs, metrics, health');

/** Every setting, in groups; a group's description is its heading. Flags and environment names follow from the keys. */
export const configSchema = z.object({
  kubernetes,
  aws,
  database,
  gateway,
  controller,
  orphans,
  timing,
  observability,
});

/** Validated once, frozen through and through. */
export type Config = Readonly<{ [G in keyof Values]: Readonly<Values[G]> }>;
type Values = z.output<typeof configSchema>;
