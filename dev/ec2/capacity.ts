import { CloudError } from './errors.ts';

/** What is left of a type in a zone; `*` stands for all. */
export interface CapacityRule {
  type: string;
  zone: string;
  /** Launches that still succeed; 'unsupported': the zone never had the type. */
  left: number | 'unsupported';
}

/** Which launches the cloud has room for; without rules, all. */
export interface Capacity {
  /** Replaces the rule for exactly this type and zone; `left: Infinity` lifts it. */
  set(rule: CapacityRule): void;
  clear(): void;
  /** @throws CloudError InsufficientInstanceCapacity or Unsupported; spends nothing. */
  check(type: string, zone: string): void;
  spend(type: string, zone: string): void;
}

export function createCapacity(): Capacity {
  const rules = new Map<string, CapacityRule>();
  const matching = (type: string, zone: string) =>
    [...rules.values()].filter(
      (r) => (r.type === '*' || r.type === type) && (r.zone === '*' || r.zone === zone),
    );
  return {
    set: (rule) => void rules.set(`${rule.type} ${rule.zone}`, { ...rule }),
    clear: () => rules.clear(),
    check(type, zone) {
      for (const { left } of matching(type, zone)) {
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
    spend(type, zone) {
      for (const rule of matching(type, zone)) if (rule.left !== 'unsupported') rule.left -= 1;
    },
  };
}
