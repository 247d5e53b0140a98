import { X509Certificate } from 'node:crypto';
import type { Clock } from '../../controller/lib/clock.ts';
import { daysUntil, gatewayCheck, NEAR_END_DAYS } from '../../doctor/certificate.ts';
import { type Finding, hasFailed } from '../../doctor/finding.ts';
import type { Kubectl } from '../base/kubectl.ts';
import { settingOf } from '../views/operator.ts';
import type { Install } from './install.ts';
import { failed, ok, type Result, resultOf, unknown } from './result.ts';

const TIMEOUT_MS = 10_000;
/** There is no way from this machine to a gateway for instances alone; that says nothing about the gateway. */
const NO_WAY = /\((ENOTFOUND|EAI_AGAIN|ETIMEDOUT|TIMEOUT|EHOSTUNREACH|ENETUNREACH)\)/;
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** The chart's volumes of certificates, and what each is for. */
const VOLUMES = {
  ca: 'the CA that instances trust',
  'database-ca': 'the CA of the database',
  identity: 'EC2’s certificate of identity documents',
} as const;

/** What this machine finds at the gateway's URL. @param caBundle PEM of the CAs that instances trust; undefined: Node's own */
export type Reach = (url: string, caBundle: string | undefined) => Promise<Finding>;

export function reachBy(clock: Clock): Reach {
  return async (url, caBundle) => {
    const [finding] = await gatewayCheck({ url, caBundle, timeoutMs: TIMEOUT_MS, clock }).run();
    if (!finding) throw new TypeError('the check of a gateway has one finding');
    return finding;
  };
}

/** Certificates in ConfigMaps, and the gateway as this machine sees it. */
export async function examineGateway({
  kubectl,
  install: { namespace, deployments },
  clock,
  reach,
}: {
  kubectl: Kubectl;
  install: Install;
  clock: Clock;
  reach: Reach;
}): Promise<Result[]> {
  const { gateway } = deployments;
  if (!gateway) {
    const where = { check: 'gateway', from: 'outside', object: 'the gateway' } as const;
    return [unknown(where, 'there is no Deployment of it', 'see operator above')];
  }
  const results: Result[] = [];
  let caBundle: string | undefined;
  let isUnreadable = false;
  for (const { name, configMap } of gateway.spec.template.spec.volumes ?? []) {
    if (!configMap || !Object.hasOwn(VOLUMES, name)) continue;
    const what = VOLUMES[name as keyof typeof VOLUMES];
    const where = {
      check: 'certificates',
      from: 'kubectl',
      object: `${what}, ConfigMap ${namespace}/${configMap.name}`,
    } as const;
    const { code, stdout, stderr } = await kubectl.run([
      'get',
      'configmap',
      configMap.name,
      `--namespace=${namespace}`,
      '-o=json',
    ]);
    if (code !== 0) {
      if (name === 'ca') isUnreadable = true;
      const isAway = /not ?found/i.test(stderr);
      results.push(
        isAway
          ? failed(where, 'there is no such ConfigMap', 'create it, or correct the chart’s values')
          : unknown(where, stderr.trim(), 'ask who may get ConfigMaps there'),
      );
      continue;
    }
    const { data = {} } = JSON.parse(stdout) as { data?: Record<string, string> };
    const text = Object.values(data).join('\n');
    if (name === 'ca') caBundle = text;
    results.push(judgeBundle(where, text, clock));
  }
  results.push(
    await fromOutside(settingOf(gateway, 'WORKSPACE_GATEWAY_URL'), { caBundle, isUnreadable, reach }),
  );
  return results;
}

/** Each certificate of the bundle is one, and none that is needed ends soon. */
function judgeBundle(where: Pick<Result, 'check' | 'from' | 'object'>, text: string, clock: Clock): Result {
  const blocks = text.match(BLOCK) ?? [];
  if (blocks.length === 0)
    return failed(where, 'it holds no certificate in PEM', 'put one there: -----BEGIN CERTIFICATE-----');
  const days: number[] = [];
  for (const block of blocks) {
    try {
      const { validTo } = new X509Certificate(block);
      days.push(daysUntil(Date.parse(validTo), clock));
    } catch {
      return failed(where, 'it holds a certificate that can’t be read', 'put it there whole, in PEM');
    }
  }
  // An old CA may stand beside its successor: what counts is that one of them is good.
  const longest = Math.max(...days);
  if (longest < NEAR_END_DAYS)
    return failed(
      where,
      longest < 0 ? 'it expired' : `it expires in ${longest} days`,
      'renew it, and see why nothing renewed it',
    );
  return ok(where, `good for ${longest} days`);
}

async function fromOutside(
  url: string | undefined,
  { caBundle, isUnreadable, reach }: { caBundle: string | undefined; isUnreadable: boolean; reach: Reach },
): Promise<Result> {
  const where = {
    check: 'gateway',
    from: 'outside',
    object: `the gateway at ${url ?? 'an unknown URL'}`,
  } as const;
  if (url === undefined || !URL.canParse(url))
    return unknown(
      where,
      'its Deployment has no plain WORKSPACE_GATEWAY_URL',
      'set gateway.url in the chart’s values',
    );
  const finding = await reach(url, caBundle);
  const { cause = '' } = finding;
  if (NO_WAY.test(cause))
    return unknown(
      where,
      `there is no way to it from this machine: ${cause}`,
      'that is no fault of a gateway for instances alone: run this where they are, such as a VPN into their VPC',
    );
  if (hasFailed(finding) && isUnreadable && /would not trust/.test(cause))
    return unknown(
      where,
      'it answers, and the CA that instances trust could not be read',
      'see certificates above',
    );
  return { ...resultOf(finding, 'outside'), object: where.object };
}
