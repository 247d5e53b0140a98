import { CloudError } from '../base/errors.ts';

/** What an instance takes its room from. */
export interface Pool {
  type: string;
  zone: string;
  spot: boolean;
}

/** What is left of a type in a zone; `*` stands for all. */
export interface CapacityRule {
  type: string;
  zone: string;
  /** Spot's room differs from On-Demand's; without it, both. */
  capacityType?: 'OnDemand' | 'Spot';
  /** Launches that still succeed; 'unsupported': the zone never had the type. */
  left: number | 'unsupported';
}

/** Which launches the cloud has room for; without rules, all. */
export interface Capacity {
  /** Replaces the rule for exactly this type, zone and capacity type; `left: Infinity` lifts it. */
  set(rule: CapacityRule): void;
  clear(): void;
  /** @throws CloudError InsufficientInstanceCapacity or Unsupported; spends nothing. */
  check(pool: Pool): void;
  spend(pool: Pool): void;
}

export function createCapacity(): Capacity {
  const rules = new Map<string, CapacityRule>();
  const matching = ({ type, zone, spot }: Pool) =>
    [...rules.values()].filter(
      (rule) =>
        (rule.type === '*' || rule.type === type) &&
        (rule.zone === '*' || rule.zone === zone) &&
        (rule.capacityType === undefined || (rule.capacityType === 'Spot') === spot),
    );
  return {
    set: (rule) => void rules.set(`${rule.type} ${rule.zone} ${rule.capacityType}`, { ...rule }),
    clear: () => rules.clear(),
    check(pool) {
      const { type, zone } = pool;
      for (const { left } of matching(pool)) {
        if (left === 'unsupported')
          throw new CloudError(
            'Unsupported',
            `Your requested instance type (${type}) is not supported in your requested Availability Zone (${zone}).`,
          );
        if (left <= 0)
          throw new CloudError(
            'InsufficientInstanceCapacity',
            `We currently do not have sufficient ${type} capacity in the Availability Zone you requested (${zone}). ` +
              'Our system will be working on provisioning additional capacity.',
          );
      }
    },
    spend(pool) {
      for (const rule of matching(pool)) if (rule.left !== 'unsupported') rule.left -= 1;
    },
  };
}
