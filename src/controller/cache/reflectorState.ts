import type { MonoReading } from '../lib/time.ts';
import { type ListCause, relistCause } from './relistCause.ts';

/** What a reflector does next. It watches only from a version that its store holds. */
export type ReflectorState =
  | {
      step: 'list';
      cause: ListCause;
      /** Since when lists have been below a version already seen, without an error between them. */
      staleSince?: MonoReading;
    }
  | { step: 'watch'; from: string };

/** Goes on from what the store holds. */
export function resume(version: string | undefined): ReflectorState {
  return version === undefined ? { step: 'list', cause: 'start' } : { step: 'watch', from: version };
}

/** After an error a list is still due, and a watch resumes unless the error says that it can't. */
export function afterError(
  state: ReflectorState,
  error: unknown,
  version: string | undefined,
): ReflectorState {
  const cause = relistCause(error);
  if (cause !== undefined) return { step: 'list', cause };
  return state.step === 'list' ? { step: 'list', cause: state.cause } : resume(version);
}
