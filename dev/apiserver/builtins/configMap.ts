import { type Definition, plainDefinition } from '../kinds/definition.ts';
import { objectAt } from '../values/json.ts';
import { builtinInfo, builtinStrategy, decoder } from './builtin.ts';
import { dataCauses, immutableCauses } from './secret.ts';

const info = builtinInfo('', 'v1', 'ConfigMap', { plural: 'configmaps', shortNames: ['cm'] });

const strategy = builtinStrategy(
  decoder(info, { data: { map: 'string' }, binaryData: { map: 'bytes' }, immutable: 'boolean' }),
  {
    validate: (object, old) => [
      ...dataCauses('data', objectAt(object, 'data'), (value) => Buffer.byteLength(value)),
      ...dataCauses('binaryData', objectAt(object, 'binaryData'), (value) =>
        Buffer.byteLength(value, 'base64'),
      ),
      ...(old === undefined ? [] : immutableCauses(object, old, ['data', 'binaryData'])),
    ],
  },
);

export const configMapDefinition: Definition = plainDefinition(info, 'configmaps', strategy, true);
