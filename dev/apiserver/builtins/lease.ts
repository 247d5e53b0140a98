import { invalidValue } from '../errors/causes.ts';
import { type Definition, plainDefinition } from '../kinds/definition.ts';
import { objectAt } from '../values/json.ts';
import type { FieldCause } from '../values/kinds.ts';
import { builtinInfo, builtinStrategy, decoder } from './builtin.ts';

const info = builtinInfo('coordination.k8s.io', 'v1', 'Lease', { plural: 'leases' });

const strategy = builtinStrategy(
  decoder(info, {
    spec: {
      fields: {
        holderIdentity: 'string',
        leaseDurationSeconds: 'integer',
        acquireTime: 'microTime',
        renewTime: 'microTime',
        leaseTransitions: 'integer',
        strategy: 'string',
        preferredHolder: 'string',
      },
    },
  }),
  {
    validate(object) {
      const { leaseDurationSeconds, leaseTransitions } = objectAt(object, 'spec');
      const causes: FieldCause[] = [];
      if (typeof leaseDurationSeconds === 'number' && leaseDurationSeconds <= 0) {
        causes.push(
          invalidValue('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0'),
        );
      }
      if (typeof leaseTransitions === 'number' && leaseTransitions < 0) {
        const why = 'must be greater than or equal to 0';
        causes.push(invalidValue('spec.leaseTransitions', leaseTransitions, why));
      }
      return causes;
    },
    unconditionalUpdate: false,
    createOnUpdate: true,
  },
);

export const leaseDefinition: Definition = plainDefinition(
  info,
  'coordination.k8s.io/leases',
  strategy,
  true,
);
