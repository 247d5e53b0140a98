import { forbiddenField, immutable, invalidValue, required, tooLong } from '../errors/causes.ts';
import { type Definition, plainDefinition } from '../kinds/definition.ts';
import { equal, objectAt, stringAt, without } from '../values/json.ts';
import type { FieldCause, JsonObject } from '../values/kinds.ts';
import { builtinInfo, builtinStrategy, decoder } from './builtin.ts';

const info = builtinInfo('', 'v1', 'Secret', { plural: 'secrets' });
const maxBytes = 1024 * 1024;
const keyName = /^[-._a-zA-Z0-9]{1,253}$/;

/** Keys that a type promises. */
const promised: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
};

/** Problems with the keys and the total size of a Secret's or a ConfigMap's data. */
export function dataCauses(field: string, data: JsonObject, bytes: (value: string) => number): FieldCause[] {
  const why = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
  const causes = Object.keys(data)
    .filter((key) => !keyName.test(key) || key === '.' || key.startsWith('..'))
    .map((key) => invalidValue(`${field}[${key}]`, key, why));
  const total = Object.values(data).reduce<number>((sum, value) => sum + bytes(String(value)), 0);
  return total > maxBytes ? [...causes, tooLong(field, maxBytes)] : causes;
}

/** Changes that `immutable: true` forbids. Values are not shown. */
export function immutableCauses(
  object: JsonObject,
  old: JsonObject,
  fields: readonly string[],
): FieldCause[] {
  if (old.immutable !== true) return [];
  const why = 'field is immutable when `immutable` is set';
  return ['immutable', ...fields]
    .filter((field) => !equal(object[field], old[field]))
    .map((field) => forbiddenField(field, why));
}

function withStringData(object: JsonObject): JsonObject {
  const texts = Object.entries(objectAt(object, 'stringData'));
  const data: JsonObject = { ...objectAt(object, 'data') };
  for (const [key, value] of texts) data[key] = Buffer.from(String(value), 'utf8').toString('base64');
  const rest = without(object, 'stringData', 'data');
  return {
    ...rest,
    ...(Object.keys(data).length === 0 ? {} : { data }),
    type: stringAt(object, 'type') === '' ? 'Opaque' : stringAt(object, 'type'),
  };
}

const decode = decoder(info, {
  data: { map: 'bytes' },
  stringData: { map: 'string' },
  type: 'string',
  immutable: 'boolean',
});

const strategy = builtinStrategy(
  {
    ...decode,
    admit(object) {
      const { object: decoded, unknown } = decode.admit(object);
      return { object: withStringData(decoded), unknown };
    },
  },
  {
    validate(object, old) {
      const data = objectAt(object, 'data');
      const causes = dataCauses('data', data, (value) => Buffer.byteLength(value, 'base64'));
      for (const key of promised[stringAt(object, 'type')] ?? []) {
        if (!(key in data)) causes.push(required(`data[${key}]`));
      }
      if (old === undefined) return causes;
      if (object.type !== old.type) causes.push(invalidValue('type', object.type, immutable));
      return [...causes, ...immutableCauses(object, old, ['data'])];
    },
    selectableFields: { type: 'type' },
  },
);

export const secretDefinition: Definition = plainDefinition(info, 'secrets', strategy, true);
