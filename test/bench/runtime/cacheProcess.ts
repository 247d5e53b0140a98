import { z } from 'zod';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import { createStore } from '../../../src/controller/cache/store.ts';
import { connect, watchObjects } from '../apiServer/connection.ts';

// A process of its own, for runtime.ts: what it holds in memory is the cache and what the cache needs.
const message = await new Promise<unknown>((resolve) => process.once('message', resolve));
const connection = connect(z.object({ url: z.string(), mount: z.string() }).parse(message));
const store = createStore<Workspace>();
const startedAt = performance.now();
const reflector = watchObjects(connection, store);
await reflector.waitForSync();
const seconds = (performance.now() - startedAt) / 1000;
const cpu = process.cpuUsage();
// A moment for what the list left behind.
await new Promise((resolve) => setTimeout(resolve, 2_000));
process.send?.({
  objects: store.size(),
  seconds,
  cpuSeconds: (cpu.user + cpu.system) / 1e6,
  megabytes: process.memoryUsage().rss / 1e6,
});
await reflector.stop();
await connection.close();
process.disconnect();
