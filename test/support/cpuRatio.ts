/** How much more CPU time one synchronous function takes than another: the least of three tries of each, in user time. */
export function cpuRatio(costly: () => void, plain: () => void): number {
  const cpuOf = (run: () => void) => {
    const before = process.cpuUsage();
    for (let index = 0; index < 20; index += 1) run();
    return process.cpuUsage(before).user;
  };
  const least = (run: () => void) => Math.min(cpuOf(run), cpuOf(run), cpuOf(run));
  // Below a tenth of a millisecond the clock itself is measured.
  return least(costly) / Math.max(least(plain), 100);
}
