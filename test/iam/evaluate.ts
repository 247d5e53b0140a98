import { z } from 'zod';

const oneOrMore = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const condition = z.record(z.string(), z.record(z.string(), oneOrMore));
const statement = z.strictObject({
  Sid: z.string(),
  Effect: z.literal('Allow'),
  Action: oneOrMore,
  Resource: oneOrMore,
  Condition: condition.optional(),
});
const policy = z.object({
  PolicyDocument: z.object({ Version: z.literal('2012-10-17'), Statement: z.array(statement) }),
});

export type Statement = z.output<typeof statement>;

/** What IAM decides about: one action on one resource, with the keys that a condition may ask for. */
export interface Authorization {
  action: string;
  resource: string;
  context: Readonly<Record<string, string>>;
}

export function statementsOf(properties: unknown): Statement[] {
  return policy.parse(properties).PolicyDocument.Statement;
}

/** The statements that allow it; IAM refuses what none allows. */
export function allowing(statements: readonly Statement[], asked: Authorization): Statement[] {
  return statements.filter(
    ({ Action, Resource, Condition = {} }) =>
      Action.some((pattern) => like(pattern.toLowerCase(), asked.action.toLowerCase())) &&
      Resource.some((pattern) => like(pattern, asked.resource)) &&
      Object.entries(Condition).every(([operator, keys]) =>
        Object.entries(keys).every(([key, values]) => holds(operator, values, asked.context[key])),
      ),
  );
}

/** A key that the request lacks fulfils no condition of these operators (IAM's policy reference). */
function holds(operator: string, values: readonly string[], given: string | undefined): boolean {
  if (given === undefined) return false;
  if (operator === 'StringEquals') return values.includes(given);
  if (operator === 'ArnEquals') return values.some((value) => like(value, given));
  if (operator === 'Bool') return values.some((value) => value.toLowerCase() === given.toLowerCase());
  throw new Error(`${operator} is not understood here`);
}

function like(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.split('?').map(literally).join('.'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(text);
}

const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
