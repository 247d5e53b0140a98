import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { provisionsOf } from '../scene/counts.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { createWorkspace, putSecret, untilReady } from '../scene/workspaces.ts';

/** Leads to a port until it hangs: then it takes connections and bytes, and nothing comes back. */
async function startTrap(target: number) {
  const sockets = new Set<Socket>();
  let hangs = false;
  const server: Server = createServer((caller) => {
    sockets.add(caller);
    caller.on('error', () => caller.destroy());
    if (hangs) return;
    const inner = connect(target, '127.0.0.1');
    sockets.add(inner);
    inner.on('error', () => caller.destroy());
    inner.on('data', (chunk) => hangs || caller.write(chunk));
    caller.on('data', (chunk) => hangs || inner.write(chunk));
    inner.on('close', () => hangs || caller.destroy());
    caller.on('close', () => inner.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    hang() {
      hangs = true;
    },
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

let scene: Scene;
let traps: Awaited<ReturnType<typeof startTrap>>[];
let env: Record<string, string>;

beforeAll(async () => {
  scene = await createScene();
  const database = new URL(scene.stack.databaseURL);
  traps = await Promise.all(
    [Number(new URL(scene.stack.api.url).port), Number(database.port)].map(startTrap),
  );
  const [api, postgres] = traps;
  database.port = String(postgres?.port);
  const kubeconfig = join(scene.stack.folder, 'trapped.kubeconfig');
  const text = await readFile(scene.stack.kubeconfigPath, 'utf8');
  await writeFile(kubeconfig, text.replaceAll(scene.stack.api.url, `https://127.0.0.1:${api?.port}`), {
    mode: 0o600,
  });
  env = { KUBECONFIG: kubeconfig, DATABASE_URL: database.href };
});
afterAll(async () => {
  for (const trap of traps) trap.stop();
  await scene.close();
});

test('SIGTERM ends a leader, and a start, though API server and Postgres take connections and answer nothing', async () => {
  const leader = scene.spawn(env);
  await putSecret(scene, 'ada-env', { KEY: 'a' });
  await createWorkspace(scene, 'ada');
  await untilReady(scene, 'ada', 1);
  for (const trap of traps) trap.hang();
  // It would wait ten minutes for an answer: what ends it is its own limit, 25 s, below a Pod's grace.
  const starting = scene.spawn({
    ...env,
    WORKSPACE_KUBERNETES_TIMEOUT_MS: '600000',
    WORKSPACE_GATEWAY_LISTEN_PORT: '0',
  });
  await starting.line(({ msg }) => msg === 'starting');
  const codes = await Promise.all([leader.end('SIGTERM'), starting.end('SIGTERM')]);
  // 0 for a stop that came through, 1 for one that was given up; never killed.
  for (const code of codes) expect([0, 1]).toContain(code);
  for (const process of [leader, starting]) expect(process.lines.map(({ msg }) => msg)).toContain('stopping');
  expect(provisionsOf(scene, 'ada')).toHaveLength(1);
});
