/** What EC2 may or may not have: a type in a zone under a capacity type. */
export interface OfferingID {
  instanceType: string;
  zone: string;
  capacityType: 'OnDemand' | 'Spot';
}

/** `type/zone/capacityType`: what remembers refusals and what reads them must name an offering alike. */
export function offeringKey({ instanceType, zone, capacityType }: OfferingID): string {
  return `${instanceType}/${zone}/${capacityType}`;
}
