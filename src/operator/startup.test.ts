import { expect, test } from 'vitest';
import { createApiServer } from '../../dev/apiserver/apiServer.ts';
import { inProcessTransport } from '../../dev/apiserver/transport/inProcessTransport.ts';
import { installCluster, stageClient } from '../../dev/stack/install.ts';
import { seededRandom } from '../../test/support/base/seededRandom.ts';
import { silentLogger } from '../../test/support/base/silentLogger.ts';
import { parseCommandLine } from '../config/commandLine.ts';
import { systemClock } from '../controller/lib/clock.ts';
import { startOperator } from './operator.ts';

test('asked to stop before its caches are whole, the operator starts no part on half of them', async () => {
  const api = createApiServer({ clock: systemClock, random: seededRandom(1) });
  await installCluster(stageClient(api, systemClock));
  const invocation = parseCommandLine(['controller'], {
    AWS_REGION: 'eu-central-1',
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    WORKSPACE_GATEWAY_URL: 'https://127.0.0.1:1',
    WORKSPACE_KUBERNETES_NAMESPACE: 'workspace-system',
    WORKSPACE_HEALTH_LISTEN_PORT: '0',
    WORKSPACE_METRICS_LISTEN_PORT: '0',
  });
  if ('help' in invocation) throw new Error('help was not asked for');
  const transport = inProcessTransport(api.handler, { clock: systemClock });
  const stopping = new AbortController();
  const seen: string[] = [];
  const operator = await startOperator(
    {
      config: invocation.config,
      role: invocation.role,
      clock: systemClock,
      random: seededRandom(2),
      logger: silentLogger(),
      transport: () => ({
        stream: transport.stream,
        close: async () => undefined,
        async request(request) {
          seen.push(`${request.method} ${request.path}`);
          if (!request.path.endsWith('/workspaces')) return transport.request(request);
          // The list of Workspaces takes longer than anybody's patience.
          stopping.abort();
          return new Promise((_, reject) => {
            request.signal?.addEventListener('abort', () => reject(new Error('aborted')));
            systemClock.setTimeout(() => reject(new Error('no answer')), 200);
          });
        },
      }),
    },
    stopping.signal,
  );
  await operator?.stop();
  expect(operator).toBeUndefined();
  expect(seen.filter((line) => line.includes('/leases'))).toEqual([]);
});
