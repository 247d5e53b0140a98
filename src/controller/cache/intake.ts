import type { Logger } from 'pino';
import type { KubeObject } from '../client/client.ts';
import { decodeProblem, dropManagedFields, isKubeObject, keepMetadataOnly } from '../client/decodeObject.ts';
import type { ReflectorOptions } from './reflectorOptions.ts';
import { objectKey } from './store.ts';
import type { WatchEvent } from './watchStream.ts';

/** What the server sends, on its way into the store. An object that can't be decoded never looks deleted. */
export interface Intake {
  /** A complete list; `isSetBack` makes it replace newer objects. True when it holds an older version of an object than the store. */
  list(items: readonly unknown[], version: string, isSetBack: boolean): boolean;
  event(event: Exclude<WatchEvent, { type: 'BOOKMARK' }>): void;
}

export function createIntake<T extends KubeObject>(
  options: Pick<ReflectorOptions<T>, 'store' | 'transform' | 'decode' | 'metadataOnly' | 'metrics'>,
  logger: Logger,
  labels: { name: string },
): Intake {
  const { store, metrics } = options;
  const transform = options.transform ?? (options.metadataOnly ? keepMetadataOnly : dropManagedFields);
  metrics.reflectorUndecodable.inc(labels, 0);

  function decode(raw: KubeObject): T | undefined {
    try {
      const object = transform(raw);
      return options.decode ? options.decode(object) : (object as T);
    } catch (error) {
      metrics.reflectorUndecodable.inc(labels);
      logger.warn(
        { key: objectKey(raw), problem: decodeProblem(error) },
        'an object does not match its schema and is left out until it does; the version held before stays',
      );
      return undefined;
    }
  }

  // The last form of a deleted object does not matter.
  function heldAt(raw: KubeObject): T | undefined {
    const held = store.get(objectKey(raw));
    const { resourceVersion } = raw.metadata;
    return held && { ...held, metadata: { ...held.metadata, resourceVersion } };
  }

  function apply(change: () => void): void {
    try {
      change();
    } catch (error) {
      // The store itself is whole: it changes first, and calls its listeners then.
      logger.error({ err: error }, 'a listener of the store failed');
    }
  }

  return {
    list(items, version, isSetBack) {
      const objects = items.filter(isKubeObject).flatMap((raw) => {
        return decode(raw) ?? store.get(objectKey(raw)) ?? [];
      });
      const showsOlder = store.showsOlder(objects, version);
      apply(() => (isSetBack ? store.reset(objects, version) : store.applyList(objects, version)));
      return showsOlder;
    },
    event({ type, object: raw }) {
      const isDeletion = type === 'DELETED';
      // The watch shows each of our writes again, after the write's own answer.
      const isHeld = !isDeletion && isSameVersion(raw, store.get(objectKey(raw)));
      const object = isHeld ? undefined : (decode(raw) ?? (isDeletion ? heldAt(raw) : undefined));
      if (object) apply(() => (isDeletion ? store.applyDelete(object) : store.applyWrite(object)));
      store.advance(raw.metadata.resourceVersion);
    },
  };
}

function isSameVersion({ metadata }: KubeObject, held: KubeObject | undefined): boolean {
  return held?.metadata.resourceVersion === metadata.resourceVersion && held.metadata.uid === metadata.uid;
}
