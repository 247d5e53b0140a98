/** An offering, which EC2 may lack: a type in a zone under a capacity type. */
export interface OfferingID {
  instanceType: string;
  zone: string;
  capacityType: 'OnDemand' | 'Spot';
}

/** `type/zone/capacityType`: the same name for code that records refusals and code that reads them. */
export function offeringKey({ instanceType, zone, capacityType }: OfferingID): string {
  return `${instanceType}/${zone}/${capacityType}`;
}
