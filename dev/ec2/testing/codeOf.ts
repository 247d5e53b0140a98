import { CloudError } from '../base/errors.ts';

/** The code that the work is refused with, or 'ok'. */
export function codeOf(work: () => unknown): string {
  try {
    work();
    return 'ok';
  } catch (error) {
    if (error instanceof CloudError) return error.code;
    throw error;
  }
}
