/** How the law of the ledger, that one change is one provision, can be seen to be broken. Each is a bug, or an effect of another program or person. */
export const VIOLATIONS = {
  TwoInstances:
    'EC2 shows two instances of one Workspace pending or running at the same time, both made by launches of it',
  NumberReused: 'EC2 shows two instances that were made for one launch number',
  NoChange:
    'an instance was provisioned for a change or an end that an earlier one was provisioned for, or that never counted; or a launch was opened for a request that was handled before',
} as const satisfies Readonly<Record<string, string>>;

export type Violation = keyof typeof VIOLATIONS;
