import type { TestProject } from 'vitest/node';
import { motoPython } from './environment.ts';
import { startMoto } from './server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where moto serves; null where tests run without it. */
    motoURL: string | null;
  }
}

/** One moto for all tests of a run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const moto = await startMoto(await motoPython((line) => console.error(line)));
  project.provide('motoURL', moto.url);
  return moto.stop;
}
