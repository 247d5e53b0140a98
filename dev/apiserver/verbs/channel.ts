/** A queue that one consumer iterates over. Leaving the loop closes it. */
export interface Channel<T> extends AsyncIterable<T> {
  push(item: T): void;
  /** What was pushed is still delivered. */
  close(): void;
  /** What was pushed is still delivered, then the consumer's loop throws. */
  fail(error: Error): void;
}

/** @param onClose called once, however it ends */
export function createChannel<T>(onClose: () => void): Channel<T> {
  const items: T[] = [];
  let ended: { error?: Error } | undefined;
  let wake: (() => void) | undefined;

  const end = (how: { error?: Error }): void => {
    if (ended !== undefined) return;
    ended = how;
    wake?.();
    onClose();
  };
  const next = async (): Promise<IteratorResult<T>> => {
    for (;;) {
      const item = items.shift();
      if (item !== undefined) return { done: false, value: item };
      if (ended?.error !== undefined) throw ended.error;
      if (ended !== undefined) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = undefined;
    }
  };
  return {
    push(item) {
      if (ended !== undefined) return;
      items.push(item);
      wake?.();
    },
    close: () => end({}),
    fail: (error) => end({ error }),
    [Symbol.asyncIterator]: () => ({
      next,
      async return() {
        items.length = 0;
        end({});
        return { done: true, value: undefined };
      },
    }),
  };
}
