import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Clock, Timer } from '../../../src/controller/lib/clock.ts';
import type { Dump, Store } from './store.ts';

export interface Persistence {
  /** Writes what is still unwritten. Rejects when it can't be written. */
  flush(): Promise<void>;
  /** Flushes and follows the store no longer. */
  close(): Promise<void>;
}

const debounceMs = 200;

async function read(file: string): Promise<Dump | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as Dump;
  } catch (cause) {
    throw new Error(`${file} is not the state of an API server; remove it to start afresh`, { cause });
  }
}

/**
 * Loads the store from a file, if there is one, and keeps the file up to date: written whole, then renamed into place,
 * so that a crash leaves the old one or the new one.
 * @param onError called when a write failed; the next change tries again
 */
export async function persist(
  store: Store,
  file: string,
  clock: Clock,
  onError: (error: unknown) => void,
): Promise<Persistence> {
  const dump = await read(file);
  if (dump !== undefined) store.load(dump);
  let written = dump === undefined ? 0 : store.revision();
  let timer: Timer | undefined;
  let last: Promise<void> = Promise.resolve();

  const write = async (): Promise<void> => {
    const revision = store.revision();
    if (revision === written) return;
    const partial = `${file}.partial`;
    // Secrets are in it.
    await writeFile(partial, JSON.stringify(store.dump()), { mode: 0o600 });
    await rename(partial, file);
    written = revision;
  };
  const flush = (): Promise<void> => {
    timer?.cancel();
    timer = undefined;
    last = last.catch(() => undefined).then(write);
    return last;
  };
  const unsubscribe = store.onCommit(() => {
    timer ??= clock.setTimeout(() => {
      flush().catch(onError);
    }, debounceMs);
  });
  return {
    flush,
    close() {
      unsubscribe();
      return flush();
    },
  };
}
