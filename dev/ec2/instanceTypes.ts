/** What launches need to know of an instance type. */
export interface InstanceType {
  vcpus: number;
  architecture: 'x86_64' | 'arm64';
}

const SHAPE =
  /^(?<family>[a-z]+\d+[a-z-]*)\.(?<size>nano|micro|small|medium|large|(?<times>\d*)xlarge|metal)$/;

/**
 * Reads a type's name by AWS's naming convention (family, generation, attributes; size): a `g` among the attributes
 * means Graviton, and each size doubles the one before it. Undefined for what can't be a type.
 */
export function instanceType(name: string): InstanceType | undefined {
  const groups = SHAPE.exec(name)?.groups;
  if (groups === undefined) return undefined;
  const arm = /^[a-z]+\d+g/.test(groups.family ?? '') || groups.family === 'a1';
  return { vcpus: vcpus(groups.size ?? '', groups.times), architecture: arm ? 'arm64' : 'x86_64' };
}

function vcpus(size: string, times: string | undefined): number {
  if (times !== undefined) return 4 * (times === '' ? 1 : Number(times));
  if (size === 'metal') return 96;
  return size === 'medium' ? 1 : 2;
}
