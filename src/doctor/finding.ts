/** The finding of one check. A failed one names the object, the cause and the next step. */
export type Finding = Readonly<
  | { check: string; object: string; says: string; cause?: undefined; next?: undefined }
  | { check: string; object: string; says?: undefined; cause: string; next: string }
>;

export interface Check {
  name: string;
  /** The object that the finding names when the check itself throws. */
  object: string;
  run(): Promise<readonly Finding[]>;
}

export function passed(check: string, object: string, says: string): Finding {
  return { check, object, says };
}

export function failed(check: string, object: string, cause: string, next: string): Finding {
  return { check, object, cause, next };
}

export function hasFailed({ cause }: Finding): boolean {
  return cause !== undefined;
}

/** One line for people and for `kubectl logs`. */
export function lineOf({ check, object, says, cause, next }: Finding): string {
  if (cause === undefined) return `ok    ${check}: ${object}: ${says}`;
  return `FAIL  ${check}: ${object}: ${cause}; ${next}`;
}
