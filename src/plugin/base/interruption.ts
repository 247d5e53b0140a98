import type { Clock } from '../../controller/lib/clock.ts';

/** Why an aborted wait ended: a person, or what they use, asked this process to end. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** npm passes on a Ctrl-C that the terminal has already sent to us: what comes this soon is the same one, ms. */
const SAME_MS = 1_000;

/**
 * Aborted by the first SIGINT, SIGTERM or SIGHUP, or once what is written has no reader; `again` is called by each further signal,
 * of a person who does not want to wait.
 */
export function interruption(clock: Clock, again: () => void): AbortSignal {
  const asked = new AbortController();
  let askedAt = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!asked.signal.aborted) askedAt = clock.monotonic();
      else if (clock.monotonic() - askedAt >= SAME_MS) again();
      asked.abort(new Interrupted(signal));
    });
  }
  // As after `2>&1 | head`, or once the terminal is closed: what was started must be ended all the same.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', () => asked.abort(new Interrupted('the output is closed')));
  return asked.signal;
}
