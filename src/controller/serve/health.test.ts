import { afterEach, describe, expect, it } from 'vitest';
import { type ListeningServer, startHealthServer, startMetricsServer } from './health.ts';
import { createRegistry, createRuntimeMetrics } from './metrics.ts';

const running: ListeningServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});

async function get(server: ListeningServer, path: string) {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
  return { status: response.status, text: await response.text(), type: response.headers.get('content-type') };
}

describe('health server', () => {
  it('says ok, or which check failed and why', async () => {
    let problem: string | undefined;
    const server = await startHealthServer({
      host: '127.0.0.1',
      port: 0,
      livez: { loop: () => undefined },
      readyz: {
        synced: async () => problem,
        lease: () => {
          if (problem) throw new Error('cannot tell');
          return undefined;
        },
      },
    });
    running.push(server);
    expect(await get(server, '/livez')).toMatchObject({ status: 200, text: 'ok' });
    expect(await get(server, '/healthz')).toMatchObject({ status: 200, text: 'ok' });
    expect((await get(server, '/readyz?verbose')).text).toBe(
      '[+]synced ok\n[+]lease ok\nreadyz check passed\n',
    );
    problem = 'workspaces not listed yet';
    const failed = await get(server, '/readyz');
    expect(failed.status).toBe(500);
    expect(failed.text).toBe(
      '[-]synced failed: workspaces not listed yet\n[-]lease failed: cannot tell\nreadyz check failed\n',
    );
    expect((await get(server, '/livez')).status).toBe(200);
    expect((await get(server, '/nothing')).status).toBe(404);
  });

  it('serves metrics as Prometheus reads them', async () => {
    const registry = createRegistry();
    createRuntimeMetrics(registry).leaderStatus.set({ name: 'a' }, 1);
    const server = await startMetricsServer({ host: '127.0.0.1', port: 0, registry });
    running.push(server);
    const { status, text, type } = await get(server, '/metrics');
    expect(status).toBe(200);
    expect(type).toContain('text/plain; version=0.0.4');
    expect(text).toContain('leader_election_master_status{name="a"} 1');
    expect(text).toContain('process_cpu_seconds_total');
  });
});
