import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

/** As Node's own agents take it; both addresses are valid URLs. */
export interface ProxyEnv {
  HTTPS_PROXY: string | undefined;
  HTTP_PROXY: string | undefined;
  NO_PROXY: string | undefined;
}

/** Agents of the SDK's connections. */
export function createAgents(proxy: ProxyEnv | undefined) {
  // The buckets bound what is under way. A second queue, inside the agent, would delay what was just guarded.
  const options = { keepAlive: true, maxSockets: 1_024, ...(proxy && { proxyEnv: { ...proxy } }) };
  return { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent(options) };
}

/** The parts of Node's errors that name the unreached address. */
interface Unreached {
  code?: unknown;
  hostname?: unknown;
  port?: unknown;
}

const TUNNEL = 'ERR_PROXY_TUNNEL';
const UNREACHED: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Whether nothing but the proxy was spoken to, and refused: then nothing reached AWS. */
export function isRefusedTunnel({ code }: Unreached): boolean {
  return code === TUNNEL;
}

/** Advice for a person where the proxy, not AWS, can't be reached or refuses. */
export function proxyAdvice(error: Unreached, proxy: ProxyEnv | undefined): string | undefined {
  if (!proxy) return undefined;
  const setting = proxy.HTTPS_PROXY === undefined ? 'HTTP_PROXY' : 'HTTPS_PROXY';
  if (isRefusedTunnel(error))
    return `Check ${setting}: the proxy must let CONNECT pass to EC2, SSM and STS of the region, and 407 means that it wants user:password@ in the URL; NO_PROXY names what is reached directly.`;
  if (!UNREACHED.has(error.code) || !isAtProxy(error, proxy)) return undefined;
  return `Check ${setting}, which leads there: its host, its port, and that the proxy is up; NO_PROXY names what is reached directly.`;
}

function isAtProxy({ hostname, port }: Unreached, { HTTPS_PROXY, HTTP_PROXY }: ProxyEnv): boolean {
  return [HTTPS_PROXY, HTTP_PROXY].some((href) => {
    if (href === undefined) return false;
    const url = new URL(href);
    const itsPort = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
    // Of several addresses Node names none.
    return hostname === undefined ? port === undefined || port === itsPort : hostname === url.hostname;
  });
}
