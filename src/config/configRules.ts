import type { Config } from './config.ts';
import { isCarelesslyPlain } from './databaseURL.ts';

/** Rules between settings: the condition, the setting that the message names, and the fix. */
export const CONFIG_RULES: readonly { holds(config: Config): boolean; setting: string; fault: string }[] = [
  {
    holds: ({ database: d }) => d.url === undefined || d.caFile !== undefined || !isCarelesslyPlain(d.url),
    setting: 'database.url',
    fault:
      'leads beyond this machine without a word on TLS; add ?sslmode=verify-full (and --database-ca-file for a CA of your own), or ?sslmode=disable where the network is trusted',
  },
  {
    holds: ({ controller: c }) => c.leaseRenewDeadlineMs < c.leaseDurationMs,
    setting: 'controller.leaseRenewDeadlineMs',
    fault: 'must be less than --controller-lease-duration-ms, or two leaders could act at once; lower it',
  },
  {
    holds: ({ controller: c }) => c.leaseRetryPeriodMs < c.leaseRenewDeadlineMs,
    setting: 'controller.leaseRetryPeriodMs',
    fault:
      'must be less than --controller-lease-renew-deadline-ms, or the lease is lost between two attempts; lower it',
  },
  {
    holds: ({ database: d }) => d.auth !== 'RdsIam' || d.passwordFile === undefined,
    setting: 'database.passwordFile',
    fault: 'is not read with --database-auth RdsIam; remove one of the two',
  },
  {
    holds: ({ aws: a, database: d }) => d.auth !== 'RdsIam' || a.region !== undefined,
    setting: 'aws.region',
    fault: 'is missing, and --database-auth RdsIam makes tokens for a region; give the database’s',
  },
  {
    holds: ({ database: d }) => d.auth !== 'RdsIam' || !/[?&]sslmode=disable\b/.test(d.url ?? ''),
    setting: 'database.url',
    fault:
      'turns TLS off, without which RDS takes no token of --database-auth RdsIam; remove sslmode=disable',
  },
  {
    holds: ({ aws: a, timing: t }) => t.lateMs > a.timeoutMs,
    setting: 'timing.lateMs',
    fault: 'must be more than --aws-timeout-ms, as a request may take effect after its timeout; raise it',
  },
  {
    holds: ({ timing: t }) => t.repairBackoffMinMs <= t.repairBackoffMaxMs,
    setting: 'timing.repairBackoffMinMs',
    fault: 'must not exceed --timing-repair-backoff-max-ms; lower it',
  },
  {
    holds: ({ timing: t }) => t.replayBackoffMinMs <= t.replayBackoffMaxMs,
    setting: 'timing.replayBackoffMinMs',
    fault: 'must not exceed --timing-replay-backoff-max-ms; lower it',
  },
  {
    holds: ({ gateway: g }) => g.maxEnvironmentBytes <= g.maxEnvironmentBytesInFlight,
    setting: 'gateway.maxEnvironmentBytesInFlight',
    fault:
      'is less than --gateway-max-environment-bytes, so that the largest one could never be served; raise it',
  },
  {
    holds: ({ gateway: g }) => (g.tlsCertFile === undefined) === (g.tlsKeyFile === undefined),
    setting: 'gateway.tlsKeyFile',
    fault: 'goes with --gateway-tls-cert-file; give both or neither',
  },
];
