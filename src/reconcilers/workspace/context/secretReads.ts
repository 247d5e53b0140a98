import type { SecretData } from '../../../api/environment/environment.ts';
import { SecretRefused } from '../../../api/environment/secretTypes.ts';
import { keyOf, objectKey, type Store } from '../../../controller/cache/store.ts';
import type { KubeObject } from '../../../controller/client/client.ts';
import type { Clock } from '../../../controller/lib/clock.ts';
import type { EnvironmentReading } from './memory.ts';
import { createShelf } from './shelf.ts';

/** For so long what was read is kept, ms: while those who share it are looked at in turn. */
export const KEEP_MS = 5_000;
/** Values that are kept in all, in bytes; beyond it the oldest go first. */
const MOST_BYTES = 33_554_432;

/** Reads of Secrets that all Workspaces share, so that one Secret of ten thousand does not cost ten thousand reads. */
export interface SecretReads {
  /**
   * Its content at the version that the cache shows, or a later one. Every answer was asked for after the cache last changed:
   * no caller that saw a change gets a read from before it.
   */
  read(namespace: string, name: string): Promise<SecretData | undefined>;
  /** What another Workspace with the same spec made of the same versions: digests, and no values. `of` names all of that. */
  readingOf(of: string): EnvironmentReading | undefined;
  keepReading(of: string, reading: EnvironmentReading): void;
  /** Lets go of all of it. */
  forget(): void;
}

export interface SecretReadsOptions {
  secrets: Pick<Store<KubeObject>, 'onChange'>;
  clock: Clock;
  /** From the API server. */
  readSecret(namespace: string, name: string): Promise<SecretData | undefined>;
}

interface Kept {
  content: Promise<SecretData | undefined>;
  bytes: number;
}

export function createSecretReads({ secrets, clock, readSecret }: SecretReadsOptions): SecretReads {
  let bytes = 0;
  const contents = createShelf<Kept>(clock, KEEP_MS, (entry) => {
    bytes -= entry.bytes;
  });
  // A server that was set back counts the same versions again, for other contents: nothing outlives a short time.
  const readings = createShelf<EnvironmentReading>(clock, KEEP_MS);

  // By events, not by version: two absences look the same, and a Secret may have come and gone between them.
  secrets.onChange(({ object }) => contents.drop(objectKey(object)));

  function weigh(entry: Kept, content: SecretData | undefined): void {
    for (const value of content?.values() ?? []) entry.bytes += value.length;
    bytes += entry.bytes;
    for (let key = contents.oldest(); key !== undefined && bytes > MOST_BYTES; key = contents.oldest()) {
      contents.drop(key);
    }
  }

  return {
    read(namespace, name) {
      const key = keyOf(namespace, name);
      const known = contents.get(key);
      if (known) return known.content;
      const content = readSecret(namespace, name);
      const entry: Kept = { content, bytes: 0 };
      contents.put(key, entry);
      const isKept = () => contents.get(key) === entry;
      content.then(
        (data) => {
          if (isKept()) weigh(entry, data);
        },
        (error: unknown) => {
          // A refusal is a result of its own; any other failure shows nothing about the Secret.
          if (!(error instanceof SecretRefused) && isKept()) contents.drop(key);
        },
      );
      return content;
    },
    readingOf: readings.get,
    keepReading: readings.put,
    forget() {
      contents.clear();
      readings.clear();
    },
  };
}
