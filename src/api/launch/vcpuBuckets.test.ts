import { expect, test } from 'vitest';
import { bucketOf, vcpusOf } from './vcpuBuckets.ts';

test.each([
  ['m7i.large', 'Standard', 2],
  ['a1.medium', 'Standard', 1],
  ['im4gn.16xlarge', 'Standard', 64],
  ['is4gen.xlarge', 'Standard', 4],
  ['t3.nano', 'Standard', 2],
  ['t4g.medium', 'Standard', 2],
  ['r7iz.metal-32xl', 'Standard', 128],
  ['m5.metal', 'Standard', undefined],
  ['g5.xlarge', 'G and VT', 4],
  ['gr6.4xlarge', 'G and VT', 16],
  ['vt1.3xlarge', 'G and VT', 12],
  ['p5.48xlarge', 'P', 192],
  ['x2gd.medium', 'X', 1],
  ['f2.6xlarge', 'F', 24],
  ['inf2.xlarge', 'Inf', 4],
  ['trn1.2xlarge', 'Trn', 8],
  ['dl2q.24xlarge', 'DL', 96],
  ['hpc7g.16xlarge', 'HPC', 64],
  ['u-6tb1.112xlarge', 'High memory', 448],
  ['u7i-12tb.224xlarge', 'High memory', 896],
  ['new9.large', 'new', 2],
  ['constructor.large', 'constructor', 2],
])('%s counts for the quota of %s, with %s vCPUs', (type, bucket, vcpus) => {
  expect([bucketOf(type), vcpusOf(type)]).toEqual([bucket, vcpus]);
});
