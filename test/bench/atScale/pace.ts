const AT_ONCE = 16;

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export async function each(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Asks until there is an answer. @throws Error naming what never came */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  { everyMs = 500, patienceMs = 900_000 } = {},
): Promise<T> {
  const latest = performance.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > latest) throw new Error(`this never came: ${what}`);
    await pause(everyMs);
  }
}
