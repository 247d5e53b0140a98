/**
 * Why nothing that serves is given up for a change, in the class or in this namespace: a Workspace that was given up
 * before does not come back.
 */
export interface HaltFact {
  scope: 'class' | 'namespace';
  /** `refused`: EC2 refuses to launch it. `failed`: its launches never became Ready. `lacking`: its owner must bring it back. */
  why: 'refused' | 'failed' | 'lacking';
  /** Namespace and name of that Workspace. */
  behind: string;
}
