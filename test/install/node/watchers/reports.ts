import { Agent, request } from 'undici';
import type { NodeScene } from '../scene.ts';
import { LIMIT_MS, LOOK_EVERY_MS, repeat, type Watcher } from './watch.ts';

/** Reports that a Workspace looks dead, again and again, as an eager health probe does. Sees each status, and how often it came. */
export function watchReports(
  { stack }: NodeScene,
  body: { namespace: string; name: string },
  token: string,
): Watcher<Record<number, number>> {
  const counts: Record<number, number> = {};
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false, timeout: LIMIT_MS } });
  const end = repeat(async () => {
    const answer = await request(`${stack.gatewayURL}/v1/reports`, {
      method: 'POST',
      dispatcher,
      reset: true,
      headersTimeout: LIMIT_MS,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).catch(() => undefined);
    await answer?.body.dump();
    const status = answer?.statusCode ?? 0;
    counts[status] = (counts[status] ?? 0) + 1;
  }, 4 * LOOK_EVERY_MS);
  return {
    async end() {
      await end();
      await dispatcher.close();
    },
    seen: () => counts,
  };
}
