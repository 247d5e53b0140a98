/** Why an aborted wait ended: a person, or what they use, asked this process to end. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Aborted by the first SIGINT, SIGTERM or SIGHUP, or once nobody reads on; `again` is called by each further signal. */
export function interruption(again: () => void): AbortSignal {
  const asked = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (asked.signal.aborted) again();
      else asked.abort(new Interrupted(signal));
    });
  }
  // As after `| head`: what was started must be ended all the same.
  process.stdout.on('error', () => asked.abort(new Interrupted('standard output is closed')));
  return asked.signal;
}
