import { vcpusOf } from '../../../src/api/launch/vcpuBuckets.ts';

/** What launches need to know of an instance type. */
export interface InstanceType {
  vcpus: number;
  architecture: 'x86_64' | 'arm64';
}

const SHAPE = /^(?<family>[a-z]+\d+[a-z-]*)\.(?:nano|micro|small|medium|large|\d*xlarge|metal(?:-\d+xl)?)$/;

/** Of m5.metal and its like. */
const METAL_VCPUS = 96;

/**
 * Reads a type's name by AWS's naming convention (family, generation, attributes; size): a `g` among the attributes
 * means Graviton, and each size doubles the one before it. Undefined for what can't be a type.
 */
export function instanceType(name: string): InstanceType | undefined {
  const groups = SHAPE.exec(name)?.groups;
  if (groups === undefined) return undefined;
  const arm = /^[a-z]+\d+g/.test(groups.family ?? '') || groups.family === 'a1';
  return { vcpus: vcpusOf(name) ?? METAL_VCPUS, architecture: arm ? 'arm64' : 'x86_64' };
}
