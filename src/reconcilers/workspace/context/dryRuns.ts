/** Dry runs in line or under way, by fingerprint: one answers for all who would ask the same. */
export interface DryRuns {
  /** Whether this Workspace sends the dry run. If another one does, this one waits for its answer: `end` returns `key` then. */
  claim(fingerprint: string, uid: string, key: string): boolean;
  /** The dry run that this Workspace sends. */
  heldBy(uid: string): string | undefined;
  /** It has its answer, or wants none any more. Returns the keys of the Workspaces that wait for it. */
  end(uid: string): readonly string[];
}

export function createDryRuns(): DryRuns {
  const asking = new Map<string, { uid: string; waiting: Set<string> }>();
  const held = new Map<string, string>();

  function end(uid: string): readonly string[] {
    const fingerprint = held.get(uid);
    if (fingerprint === undefined) return [];
    const waiting = asking.get(fingerprint)?.waiting ?? [];
    held.delete(uid);
    asking.delete(fingerprint);
    return [...waiting];
  }

  return {
    claim(fingerprint, uid, key) {
      const present = asking.get(fingerprint);
      if (present && present.uid !== uid) {
        present.waiting.add(key);
        return false;
      }
      if (!present) asking.set(fingerprint, { uid, waiting: new Set() });
      held.set(uid, fingerprint);
      return true;
    },
    heldBy: (uid) => held.get(uid),
    end,
  };
}
