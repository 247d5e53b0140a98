import type { TestProject } from 'vitest/node';
import { pythonWith } from '../python/environment.ts';
import { startMoto } from './server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where moto serves; null where tests run without it. */
    motoURL: string | null;
  }
}

/** One moto for all tests of a run, and cfn-lint at hand. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const log = (line: string) => console.error(line);
  // Here, where no limit of a test ends an installation.
  await pythonWith('cfn-lint', log);
  const moto = await startMoto(await pythonWith('moto', log));
  project.provide('motoURL', moto.url);
  return moto.stop;
}
