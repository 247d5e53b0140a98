import type { RunInput } from '../base/model.ts';

/** A launch that the default account accepts; what matters to a test is given. */
export function launchInput(overrides: Partial<RunInput> = {}): RunInput {
  return {
    imageID: 'ami-0aaaaaaaaaaaaaaaa',
    instanceType: 'm7i.large',
    subnetID: 'subnet-01111111111111111',
    securityGroupIDs: ['sg-01111111111111111'],
    userData: '#!/bin/sh\n',
    dryRun: false,
    spot: false,
    blockDevices: [],
    instanceTags: [{ key: 'compute.molecule.ai/name', value: 'ada' }],
    volumeTags: [],
    other: {},
    ...overrides,
  };
}
