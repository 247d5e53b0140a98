/**
 * What a file's tests need. Where the program is missing, the answer on a laptop is undefined, with the reason
 * printed, for `describe.skipIf`; with `CI` set, `.ci/run` has installed it, so the file fails instead.
 */
export async function needed<T>(find: () => Promise<T>): Promise<T | undefined> {
  try {
    return await find();
  } catch (error) {
    if (process.env.CI || !(error instanceof Error)) throw error;
    console.warn(`skipped: ${error.message}`);
    return undefined;
  }
}
