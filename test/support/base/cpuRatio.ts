const RUNS = 50;
const TRIES = 5;

/**
 * How much more CPU time one synchronous function takes than another. The least of five tries of each counts, as other work
 * only adds. User and system time together: the kernel divides them by its ticks, which are longer than a short run.
 */
export function cpuRatio(costly: () => void, plain: () => void): number {
  const cpuOf = (run: () => void) => {
    const before = process.cpuUsage();
    for (let index = 0; index < RUNS; index += 1) run();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const least = (run: () => void) => Math.min(...Array.from({ length: TRIES }, () => cpuOf(run)));
  return least(costly) / least(plain);
}
