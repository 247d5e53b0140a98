import { Agent, request } from 'undici';
import type { NodeScene } from '../scene.ts';
import { LIMIT_MS, type Watcher, watch } from './watch.ts';

/** Asks the gateway as an instance would reach it, on a connection of its own each time. */
export function watchGateway({ stack }: NodeScene): Watcher<number> {
  return watch(async () => {
    const connect = { rejectUnauthorized: false, timeout: LIMIT_MS };
    const dispatcher = new Agent({ connect, headersTimeout: LIMIT_MS });
    try {
      const { statusCode, body } = await request(`${stack.gatewayURL}/v1/agent`, { dispatcher });
      await body.dump();
      return statusCode === 200;
    } finally {
      await dispatcher.destroy();
    }
  });
}
