import { BOOT_CHECKS } from './bootChecks.ts';
import { type Check, judgeAll } from './check.ts';
import { HEARTBEAT_CHECKS } from './heartbeatChecks.ts';
import { createStage, type StageOptions, Violation } from './stage.ts';

export const CHECKS: readonly Check[] = [...BOOT_CHECKS, ...HEARTBEAT_CHECKS];

export interface Verdict {
  check: Check;
  /** What the agent did wrong; undefined where it did as the protocol asks. */
  violation: string | undefined;
  output: string;
}

/** Tries one rule on an agent, with a gateway, a disk and metadata of its own. */
export async function tryCheck(check: Check, options: StageOptions): Promise<Verdict> {
  const stage = await createStage(options);
  try {
    await check.play(stage);
    judgeAll(stage);
    return { check, violation: undefined, output: stage.output() };
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return { check, violation: error.message, output: stage.output() };
  } finally {
    await stage.close();
  }
}
