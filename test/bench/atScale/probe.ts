import { monitorEventLoopDelay } from 'node:perf_hooks';

// Loaded into the operator's process before anything else: it answers what that process has used.
/** A turn of the event loop that computes for longer counts as a stall, ms. */
const STALL_MS = 50;
/** How often the loop is asked for a turn, ms. */
const LAP_MS = 20;

const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
let stalls = 0;
let worst = 0;

function threadCPUMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

// By this thread's CPU: on a machine that others use as well, a delay alone would show them.
let last = threadCPUMs();
setInterval(() => {
  const now = threadCPUMs();
  const lap = now - last;
  last = now;
  if (lap > STALL_MS) stalls += 1;
  worst = Math.max(worst, lap);
}, LAP_MS).unref();

function memory() {
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
  return {
    megabytes: rss / 1e6,
    heapMB: heapTotal / 1e6,
    usedMB: heapUsed / 1e6,
    externalMB: external / 1e6,
  };
}

process.on('message', (question) => {
  if (question !== 'probe') return;
  const { user, system } = process.cpuUsage();
  process.send?.({
    cpuSeconds: (user + system) / 1e6,
    stalls,
    worstMs: worst,
    worstDelayMs: delay.max / 1e6,
    ...memory(),
  });
  stalls = 0;
  worst = 0;
  delay.reset();
});
process.channel?.unref();
