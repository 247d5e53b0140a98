import { objectKey } from '../../src/controller/cache/store.ts';
import { systemClock as clock } from '../../src/controller/lib/clock.ts';
import { systemRandom as random } from '../../src/controller/lib/random.ts';
import { createController } from '../../src/controller/loop/controller.ts';
import { createWorkqueue } from '../../src/controller/loop/workqueue.ts';
import { createRuntimeMetrics } from '../../src/controller/serve/metrics.ts';
import { createWorkspaceReconciler } from '../../src/reconcilers/workspace/reconciler.ts';
import { silentLogger } from '../support/base/silentLogger.ts';
import { classOf, factsOf } from '../support/workspace/facts.ts';
import { createSurroundings } from '../support/workspace/workspaceDeps.ts';

// All Workspaces of a class are looked at, as after an edit of it: how long nothing else gets its turn, such as the lease's renewal.
const [count = 10_000] = process.argv.slice(2).map(Number);
const around = createSurroundings();
around.deps.classes.applyWrite(classOf());
for (let index = 0; index < count; index += 1) {
  const metadata = { name: `w${index}`, uid: `uid-${index}`, resourceVersion: String(1_000 + index) };
  around.store({ ...factsOf({ metadata, spec: { envFrom: [] } }).workspace });
}
const metrics = createRuntimeMetrics();
const queue = createWorkqueue({ name: 'bench', clock, metrics });
const reconcile = createWorkspaceReconciler(around.deps);
let passes = 0;
let finish: () => void = () => undefined;
const finished = new Promise<void>((resolve) => {
  finish = resolve;
});
const controller = createController({
  name: 'bench',
  workers: 8,
  queue,
  clock,
  random,
  logger: silentLogger(),
  metrics,
  async reconcile(key, context) {
    try {
      return await reconcile(key, context);
    } finally {
      passes += 1;
      if (passes === count) finish();
    }
  },
});
controller.start();

/** This thread's CPU, as others use the machine too. */
const cpuMs = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};
const turns: number[] = [];
const begun = cpuMs();
for (const workspace of around.deps.workspaces.list()) queue.add(objectKey(workspace));
const added = cpuMs() - begun;
let last = cpuMs();
const turn = () => {
  const now = cpuMs();
  turns.push(now - last);
  last = now;
  if (passes < count) setImmediate(turn);
};
setImmediate(turn);
await finished;
turn();
const ms = cpuMs() - begun;
const sorted = turns.toSorted((a, b) => a - b);
const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1);
console.log(
  `${passes} passes: ${ms.toFixed(0)} ms of CPU, ${(ms / passes).toFixed(2)} each; woken in ${added.toFixed(1)} ms; ${turns.length} turns of the event loop, of ${at(0.5)} ms in the median, ${at(0.99)} at the 99th percentile, ${at(1)} at most`,
);
await controller.stop();
