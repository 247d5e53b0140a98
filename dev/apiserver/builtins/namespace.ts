import { type Definition, plainDefinition } from '../kinds/definition.ts';
import { metadataMergeRules } from '../patches/strategicMerge.ts';
import { isDnsLabel } from '../schema/objectMeta.ts';
import { metaOf, objectAt, stringAt, stringsAt } from '../values/json.ts';
import type { JsonObject } from '../values/kinds.ts';
import { builtinInfo, builtinStrategy, decoder } from './builtin.ts';

export const namespaceStorage = 'namespaces';
export const initialNamespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'] as const;
const immortal: readonly string[] = ['default', 'kube-public', 'kube-system'];

const info = builtinInfo('', 'v1', 'Namespace', {
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  statusSubresource: true,
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
});

function withNameLabel(object: JsonObject): JsonObject {
  const meta = metaOf(object);
  const labels = { ...objectAt(meta, 'labels'), 'kubernetes.io/metadata.name': stringAt(meta, 'name') };
  return { ...object, metadata: { ...meta, labels } };
}

const decode = decoder(info, {
  spec: { fields: { finalizers: { list: 'string' } } },
  status: {
    fields: {
      phase: 'string',
      conditions: {
        list: {
          fields: {
            type: 'string',
            status: 'string',
            lastTransitionTime: 'time',
            reason: 'string',
            message: 'string',
          },
        },
      },
    },
  },
});

/** A name that is known when the object is decoded is a label from then on, and so somebody's who made it. */
function admit(object: JsonObject): { object: JsonObject; unknown: string[] } {
  const decoded = decode.admit(object);
  return stringAt(metaOf(object), 'name') === ''
    ? decoded
    : { ...decoded, object: withNameLabel(decoded.object) };
}

const strategy = builtinStrategy(
  { ...decode, admit },
  {
    prepareCreate(object) {
      const finalizers = stringsAt(objectAt(object, 'spec'), 'finalizers');
      const spec = {
        finalizers: finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'],
      };
      return withNameLabel({ ...object, spec, status: { phase: 'Active' } });
    },
    prepareUpdate(next, old, subresource) {
      if (subresource === 'status') return { ...old, status: objectAt(next, 'status') };
      // spec.finalizers change through the finalize subresource alone.
      return withNameLabel({ ...next, spec: objectAt(old, 'spec'), status: objectAt(old, 'status') });
    },
    nameRule: isDnsLabel,
    returnsDeleted: true,
    held: (object) => stringsAt(objectAt(object, 'spec'), 'finalizers').length > 0,
    undeletable: (name) => (immortal.includes(name) ? 'this namespace may not be deleted' : undefined),
    mergeRules: {
      ...metadataMergeRules,
      byKey: { ...metadataMergeRules.byKey, 'status.conditions': 'type' },
    },
    selectableFields: { 'status.phase': 'status.phase' },
  },
);

export const namespaceDefinition: Definition = plainDefinition(info, namespaceStorage, strategy, true);
