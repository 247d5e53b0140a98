import { z } from 'zod';
import { type Config, configSchema } from './config.ts';

/** One setting as people name it. */
export interface Setting {
  /** `group.key`, its place in Config. */
  path: string;
  group: string;
  key: string;
  heading: string;
  /** With leading dashes. */
  flag: string;
  env: string;
  description: string;
  /** Default, as a person would write it; undefined when there is none. */
  default: string | undefined;
  /** The allowed values, in words. */
  values: string;
  /** The same as JSON Schema has it; empty for a text. */
  limits: Readonly<{ enum?: readonly string[]; minimum?: number; maximum?: number }>;
  secret: boolean;
  neededBy: 'controller' | 'gateway' | 'both' | undefined;
}

// The output of z.toJSONSchema for one setting.
const described = z.object({
  description: z.string(),
  default: z.union([z.string(), z.number()]).optional(),
  type: z.enum(['string', 'integer']),
  enum: z.array(z.string()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  env: z.string().optional(),
  flag: z.string().optional(),
  secret: z.boolean().optional(),
  neededBy: z.enum(['controller', 'gateway', 'both']).optional(),
});
const groups = z.record(
  z.string(),
  z.object({ description: z.string(), properties: z.record(z.string(), described) }),
);

/** Every setting of the schema, in its order. */
export const SETTINGS: readonly Setting[] = Object.freeze(
  Object.entries(groups.parse(z.toJSONSchema(configSchema, { io: 'output' }).properties)).flatMap(
    ([group, { description: heading, properties }]) =>
      Object.entries(properties).map(([key, json]) => toSetting(group, key, heading, json)),
  ),
);

function toSetting(group: string, key: string, heading: string, json: z.output<typeof described>): Setting {
  const words = kebab(`${group}-${key}`);
  return Object.freeze({
    path: `${group}.${key}`,
    group,
    key,
    heading,
    flag: `--${json.flag ?? words}`,
    env: json.env ?? `WORKSPACE_${words.toUpperCase().replaceAll('-', '_')}`,
    description: json.description,
    default: json.default?.toString(),
    values: valuesOf(key, json),
    limits: limitsOf(json),
    secret: json.secret === true,
    neededBy: json.neededBy,
  });
}

function limitsOf({ enum: words, minimum, maximum }: z.output<typeof described>): Setting['limits'] {
  if (words) return { enum: words };
  return minimum === undefined || maximum === undefined ? {} : { minimum, maximum };
}

function kebab(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
}

function valuesOf(key: string, { type, enum: words, minimum, maximum }: z.output<typeof described>): string {
  if (words) return words.join(', ');
  if (type === 'integer') return `a whole number from ${minimum} to ${maximum}`;
  if (/url$|endpoint$/i.test(key)) return 'a URL';
  return key.endsWith('File') || key === 'kubeconfig' ? 'a path' : 'a text';
}

export function settingAt(path: string): Setting {
  const setting = SETTINGS.find((candidate) => candidate.path === path);
  if (!setting) throw new TypeError(`there is no setting ${path}`);
  return setting;
}

/** The settings as they may be logged: a secret only by whether it is set. */
export function describeConfig(config: Config): Record<string, string | number> {
  const values: Record<string, Record<string, string | number | undefined>> = { ...config };
  return Object.fromEntries(
    SETTINGS.flatMap(({ path, group, key, secret }) => {
      const value = values[group]?.[key];
      return value === undefined ? [] : [[path, secret ? 'set' : value]];
    }),
  );
}
