import { type Clock, sleep } from '../../controller/lib/clock.ts';
import { msBetween } from '../../controller/lib/time.ts';
import { KubectlError } from './kubectl.ts';

/** Pause between two looks of `--watch`, ms. */
const LOOK_MS = 2_000;
/** A look at 10,000 Workspaces takes seconds, of the API server's too: looks take a tenth of the time at most. */
const PAUSE_SHARE = 9;
/** Looks in a row that may fail, as while an API server restarts. */
const FAILED_LOOKS = 30;

/**
 * Looks again and again, until `once` resolves to true.
 * @param failed is given what kubectl says where a look fails after one that did not
 * @throws KubectlError where the first look fails, or too many in a row
 */
export async function watchLooks(
  clock: Clock,
  once: () => Promise<boolean>,
  failed: (error: KubectlError) => void,
): Promise<void> {
  let [seen, failures] = [false, 0];
  for (;;) {
    const began = clock.monotonic();
    try {
      if (await once()) return;
      [seen, failures] = [true, 0];
    } catch (error) {
      failures += 1;
      if (!(error instanceof KubectlError) || !seen || failures >= FAILED_LOOKS) throw error;
      failed(error);
    }
    await sleep(clock, Math.max(LOOK_MS, PAUSE_SHARE * msBetween(began, clock.monotonic())));
  }
}
