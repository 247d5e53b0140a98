import type { Caller, Callers } from '../access/callers.ts';
import { GatewayError } from '../base/errors.ts';

/** What a caller may read, found out one namespace or Workspace at a time. */
export interface Sight {
  /** Rejects with OutOfQuestions where none is left. */
  sees(key: string): Promise<boolean>;
}

/** No question about rights is left: an answer ends here, and goes on another time. */
export class OutOfQuestions extends Error {
  override readonly name = 'OutOfQuestions';
}

/**
 * By the same rule as for one Workspace: the API server lets the caller `get` it. One who may get every Workspace, or all of a
 * namespace, costs one question. Names are asked about one by one only in a namespace that the caller named.
 * @param ask counts a question; throws where the caller has asked too many lately
 */
export function createSight(options: {
  callers: Callers;
  caller: Caller;
  /** '' for all. */
  namespace: string;
  mostQuestions: number;
  ask(): void;
}): Sight {
  const { callers, caller, namespace, mostQuestions, ask } = options;
  const known = new Map<string, Promise<boolean>>();
  let asked = 0;

  async function admits(of: string, name: string): Promise<boolean> {
    if (asked >= mostQuestions) throw new OutOfQuestions('no question is left');
    asked += 1;
    ask();
    try {
      await callers.admit(caller, { namespace: of, name });
      return true;
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'forbidden') return false;
      throw error;
    }
  }

  function may(of: string, name: string): Promise<boolean> {
    const key = `${of}/${name}`;
    const answer = known.get(key) ?? admits(of, name);
    known.set(key, answer);
    return answer;
  }

  return {
    async sees(key) {
      if (await may('', '')) return true;
      const slash = key.indexOf('/');
      const of = key.slice(0, slash);
      if (await may(of, '')) return true;
      return namespace !== '' && (await may(of, key.slice(slash + 1)));
    },
  };
}
