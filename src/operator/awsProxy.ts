import type { SSMClient } from '@aws-sdk/client-ssm';
import { own } from '../api/base/own.ts';
import { ConfigError } from '../config/commandLine.ts';
import { createAgents, type ProxyEnv } from '../ec2/calls/proxy.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The first Node whose own HTTPS agents know proxies. */
const LEAST = [24, 5] as const;

/**
 * The proxy that EC2, SSM and STS are reached through: `HTTPS_PROXY` (or `HTTP_PROXY`, for an endpoint that is plain HTTP), and in
 * `NO_PROXY` what is reached directly, in lower case too, which wins. The API server and Postgres are always reached directly.
 * @throws ConfigError where it is no http:// or https:// URL
 */
export function readProxy(env: Env, nodeVersion = process.versions.node): ProxyEnv | undefined {
  const given = (name: string) => own(env, name.toLowerCase()) || own(env, name) || undefined;
  const HTTPS_PROXY = urlOf('HTTPS_PROXY', given('HTTPS_PROXY'));
  const HTTP_PROXY = urlOf('HTTP_PROXY', given('HTTP_PROXY'));
  if (HTTPS_PROXY === undefined && HTTP_PROXY === undefined) return undefined;
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  if (major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1]))
    throw new ConfigError(
      `HTTPS_PROXY needs Node ${LEAST.join('.')} and this is ${nodeVersion}; update Node`,
    );
  return Object.freeze({ HTTPS_PROXY, HTTP_PROXY, NO_PROXY: given('NO_PROXY') });
}

// A password may be in it: no message shows the value.
function urlOf(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  // As curl and Go take it: host:port alone is plain HTTP.
  const whole = value.includes('://') ? value : `http://${value}`;
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new ConfigError(`${name} is not an http:// or https:// URL; give http://[user:password@]host:port`);
  return url.href;
}

/** The SDK's own chain, which asks STS through the proxy. Looks nothing up until it is asked. */
export function proxiedCredentials(region: string | undefined, proxy: ProxyEnv) {
  let client: Promise<SSMClient> | undefined;
  async function open(): Promise<SSMClient> {
    const ssm = await import('@aws-sdk/client-ssm');
    return new ssm.SSMClient({
      ...(region !== undefined && { region }),
      requestHandler: createAgents(proxy),
    });
  }
  return async () => {
    client ??= open();
    return (await client).config.credentials();
  };
}
