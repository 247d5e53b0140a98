import { expect } from 'vitest';

/** How moto is not like AWS in a law, and how the failure of that law shows. */
export interface Difference {
  /** What moto does instead. */
  instead: string;
  /** What the law's failure says on moto, among other words. */
  shows: string;
}

/** By the law's name. */
export type Differences = Readonly<Record<string, Difference>>;

/** The law must fail, and as the entry says. Rejects when it holds, so that its entry goes. */
export async function expectDifference(
  law: string,
  { shows }: Difference,
  held: Promise<void>,
): Promise<void> {
  const failure: unknown = await held.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure === undefined)
    throw new Error(`moto keeps this law by now: take "${law}" out of its differences`);
  expect(failure instanceof Error ? failure.message : String(failure)).toContain(shows);
}
