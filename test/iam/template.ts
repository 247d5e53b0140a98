import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const FOLDER = join(import.meta.dirname, '../../deploy/iam');
const NO_VALUE = Symbol('AWS::NoValue');

const parameter = z.object({ Type: z.string(), Default: z.string().optional() });
const template = z.object({
  Parameters: z.record(z.string(), parameter).default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()) }),
  ),
});

export type Parameters = Readonly<Record<string, string>>;

/** One resource's properties as CloudFormation resolves them with these parameters, pseudo parameters among them. */
export async function resourceOf(file: string, resource: string, given: Parameters): Promise<unknown> {
  const { Parameters, Conditions, Resources } = template.parse(
    parse(await readFile(join(FOLDER, file), 'utf8')),
  );
  const properties = Resources[resource]?.Properties;
  if (properties === undefined) throw new Error(`${file} has no resource ${resource}`);

  function lookUp(name: string): unknown {
    if (name === 'AWS::NoValue') return NO_VALUE;
    const { Type, Default } = Parameters[name] ?? { Type: 'String', Default: undefined };
    const value = given[name] ?? Default;
    if (value === undefined) throw new Error(`no value for ${name}`);
    return Type === 'CommaDelimitedList' ? value.split(',') : value;
  }

  const functions: Record<string, (argument: unknown) => unknown> = {
    Ref: (name) => lookUp(String(name)),
    'Fn::Sub': (text) =>
      String(text).replace(/\$\{([\w:]+)\}/g, (_all, name: string) => String(lookUp(name))),
    'Fn::Join': (argument) => {
      const [separator, parts] = z.tuple([z.string(), z.array(z.string())]).parse(resolve(argument));
      return parts.join(separator);
    },
    'Fn::Equals': (argument) => {
      const [one, other] = z.tuple([z.unknown(), z.unknown()]).parse(resolve(argument));
      return one === other;
    },
    'Fn::Not': (argument) => !z.tuple([z.boolean()]).parse(resolve(argument))[0],
    'Fn::If': (argument) => {
      const [name, then, otherwise] = z.tuple([z.string(), z.unknown(), z.unknown()]).parse(argument);
      return resolve(resolve(Conditions[name]) === true ? then : otherwise);
    },
  };

  function resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(resolve).filter((item) => item !== NO_VALUE);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [only] = entries;
    if (entries.length === 1 && only && (only[0] === 'Ref' || only[0].startsWith('Fn::'))) {
      const evaluate = functions[only[0]];
      if (evaluate === undefined) throw new Error(`${file}: ${only[0]} is not understood here`);
      return evaluate(only[1]);
    }
    const resolved = entries.map(([key, item]) => [key, resolve(item)] as const);
    return Object.fromEntries(resolved.filter(([, item]) => item !== NO_VALUE));
  }

  return resolve(properties);
}
