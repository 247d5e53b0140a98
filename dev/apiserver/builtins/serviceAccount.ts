import { type Definition, plainDefinition } from '../kinds/definition.ts';
import { metadataMergeRules } from '../patches/strategicMerge.ts';
import type { Shape } from '../values/shapes.ts';
import { builtinInfo, builtinStrategy, decoder } from './builtin.ts';

const info = builtinInfo('', 'v1', 'ServiceAccount', { plural: 'serviceaccounts', shortNames: ['sa'] });

const objectReference: Shape = {
  fields: {
    kind: 'string',
    namespace: 'string',
    name: 'string',
    uid: 'string',
    apiVersion: 'string',
    resourceVersion: 'string',
    fieldPath: 'string',
  },
};

const strategy = builtinStrategy(
  decoder(info, {
    secrets: { list: objectReference },
    imagePullSecrets: { list: { fields: { name: 'string' } } },
    automountServiceAccountToken: 'boolean',
  }),
  {
    unconditionalUpdate: false,
    returnsDeleted: true,
    mergeRules: {
      ...metadataMergeRules,
      byKey: { ...metadataMergeRules.byKey, secrets: 'name' },
      atomic: ['secrets[]'],
    },
  },
);

export const serviceAccountDefinition: Definition = plainDefinition(info, 'serviceaccounts', strategy, true);
