/** Opens once, and stays open. */
export interface SyncGate {
  isOpen(): boolean;
  open(): void;
  /** True once open; false when `giveUp` or the gate's own signal aborted before. */
  wait(giveUp?: AbortSignal): Promise<boolean>;
}

export function createSyncGate(closing: AbortSignal): SyncGate {
  const waiters = new Set<() => void>();
  let opened = false;
  return {
    isOpen: () => opened,
    open() {
      opened = true;
      for (const wake of waiters) wake();
    },
    wait(giveUp) {
      return new Promise((resolve) => {
        const settle = () => {
          waiters.delete(settle);
          giveUp?.removeEventListener('abort', settle);
          closing.removeEventListener('abort', settle);
          resolve(opened);
        };
        if (opened || giveUp?.aborted || closing.aborted) return settle();
        waiters.add(settle);
        giveUp?.addEventListener('abort', settle);
        closing.addEventListener('abort', settle);
      });
    },
  };
}
