import { Agent } from 'undici';
import type { BootConfig } from './bootConfig.ts';

export interface GatewayAnswer {
  status: number;
  /** Seconds. */
  retryAfter?: number;
  body: unknown;
}

/** How light agents reach gateways; a simulator passes one that calls the handlers. */
export interface GatewayClient {
  /** @throws when there is no answer. */
  post(
    config: BootConfig,
    path: string,
    body: unknown,
    options: { credential?: string; signal: AbortSignal },
  ): Promise<GatewayAnswer>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 20_000;

/** Over HTTP, with one pool of connections a CA bundle that all agents share. */
export function httpGatewayClient(): GatewayClient {
  const agents = new Map<string, Agent>();
  const agentFor = ({ caBundle = '' }: BootConfig): Agent => {
    const known = agents.get(caBundle);
    if (known !== undefined) return known;
    const agent = new Agent({
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      connect: { timeout: 5_000, ...(caBundle !== '' && { ca: caBundle }) },
    });
    agents.set(caBundle, agent);
    return agent;
  };
  return {
    async post(config, path, body, { credential, signal }) {
      const url = new URL(config.gatewayURL);
      const response = await agentFor(config).request({
        origin: url.origin,
        path: `${url.pathname.replace(/\/$/, '')}${path}`,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          ...(credential !== undefined && { authorization: `Bearer ${credential}` }),
        },
        body: JSON.stringify(body),
        signal,
      });
      const retryAfter = Number(response.headers['retry-after']);
      const text = await response.body.text();
      return {
        status: response.statusCode,
        body: text === '' ? {} : (JSON.parse(text) as unknown),
        ...(Number.isFinite(retryAfter) && { retryAfter }),
      };
    },
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    },
  };
}
