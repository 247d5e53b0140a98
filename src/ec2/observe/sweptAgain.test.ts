import { describe, expect, it } from 'vitest';
import type { LooseCalls } from '../../../test/support/base/moments.ts';
import { instance } from '../../../test/support/cloud/ec2.ts';
import type { Instance } from '../calls/port.ts';
import { createInventory, type Inventory } from './inventory.ts';

const NONE_ELSEWHERE = new Set<string>();

const setUp = () => createInventory(() => [], 50) as LooseCalls<Inventory>;

describe('what a sweep shows again', () => {
  it('is kept once, and nothing is made of it', () => {
    const inventory = setUp();
    inventory.applySweep([instance('i-1')], 10, NONE_ELSEWHERE);
    const view = inventory.get('i-1');
    const again = inventory.held(instance('i-1'));
    expect(inventory.held(instance('i-1'))).toBe(again);
    expect(inventory.applySweep([again], 20, NONE_ELSEWHERE).size).toBe(0);
    expect(inventory.get('i-1')).toBe(view);
  });

  it.each<Partial<Instance>>([
    { state: 'stopping' },
    { type: 'm7i.xlarge' },
    { imageID: 'ami-2' },
    { securityGroupIDs: ['sg-2'] },
    { privateIP: '10.0.0.9' },
    { clientToken: 'another' },
    { stateReason: 'said' },
    { tags: { 'compute.molecule.ai/uid': 'other' } },
  ])('is what is given where anything differs: %j', (change) => {
    const inventory = setUp();
    inventory.applySweep([instance('i-1')], 10, NONE_ELSEWHERE);
    const other = instance('i-1', change);
    expect(inventory.held(other)).toBe(other);
    inventory.applySweep([inventory.held(other)], 20, NONE_ELSEWHERE);
    expect(inventory.get('i-1')).toMatchObject(change);
  });

  it('is an earlier reading’s, and takes nothing back, where a look-up came while its pages were read', () => {
    const inventory = setUp();
    inventory.applySweep([instance('i-1')], 10, NONE_ELSEWHERE);
    const page = [inventory.held(instance('i-1'))];
    inventory.applyLookup(['i-1'], [instance('i-1', { state: 'stopping' })], 25);
    inventory.applySweep(page, 20, NONE_ELSEWHERE);
    expect(inventory.get('i-1')).toMatchObject({ state: 'stopping' });
    inventory.applySweep(page, 30, NONE_ELSEWHERE);
    expect(inventory.get('i-1')).toMatchObject({ state: 'running' });
  });
});
