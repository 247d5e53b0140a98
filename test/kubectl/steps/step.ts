import type { Kubectl } from '../kubectl.ts';

/** One thing that a person does with kubectl; the steps build on each other. */
export interface Step {
  title: string;
  /** @param crds file or folder of the definitions to install */
  run(kubectl: Kubectl, crds: string): Promise<void>;
}
