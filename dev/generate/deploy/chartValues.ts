import { readFileSync } from 'node:fs';
import { type Document, isMap, isScalar, type Pair, parseDocument } from 'yaml';
import { z } from 'zod';
import { code, GENERATED, table } from '../docs/markdown.ts';
import { chartSchema } from './chartSchema.ts';

/** One value of the chart that is set as a whole. */
export interface ChartValue {
  path: readonly string[];
  /** Whether it may not be empty. */
  needed: boolean;
}

interface Node {
  properties?: Record<string, Node> | undefined;
  pattern?: string | undefined;
}
const node: z.ZodType<Node> = z.looseObject({
  properties: z.lazy(() => z.record(z.string(), node)).optional(),
  pattern: z.string().optional(),
});

/** Helm and parent charts set these. */
const HELMS_OWN: ReadonlySet<string> = new Set(['global', 'enabled']);
/** Its keys are the settings of docs/configuration.md. */
const SETTINGS = 'settings';

/** Every value that the schema knows, in its order. */
export function chartValues(): readonly ChartValue[] {
  const schema = node.parse(JSON.parse(chartSchema()));
  return leaves(schema, []).filter(({ path: [first = ''] }) => !HELMS_OWN.has(first));
}

function leaves({ properties, pattern }: Node, path: readonly string[]): ChartValue[] {
  if (properties === undefined || path.at(0) === SETTINGS)
    return [{ path, needed: pattern !== undefined && !new RegExp(pattern).test('') }];
  return Object.entries(properties).flatMap(([key, child]) => leaves(child, [...path, key]));
}

const INTRODUCTION = `# Values of the chart

Each value with its default; an unknown one is refused. [Install with Helm](chart.md) begins with the least that is needed, and
\`test/install/values\` has an example of each.
`;

/** docs/install/values.md: from the schema, and the comments of values.yaml. */
export function valuesDocs(): string {
  const text = readFileSync(new URL('../../../deploy/chart/values.yaml', import.meta.url), 'utf8');
  const document = parseDocument(text);
  const rows = chartValues().map(({ path, needed }) => {
    const { comment, value } = described(document, path);
    return [code(path.join('.')), needed && value === '""' ? 'needed' : code(value), comment];
  });
  return [GENERATED, INTRODUCTION, table(['Value', 'Default', 'What'], rows)].join('\n');
}

/** @throws where values.yaml has no default for it, or no comment */
function described(document: Document, path: readonly string[]): { comment: string; value: string } {
  let at: unknown = document.contents;
  let pair: Pair | undefined;
  let before: string | undefined;
  for (const key of path) {
    if (!isMap(at)) throw new Error(`values.yaml has no ${path.join('.')}`);
    pair = at.items.find((item) => isScalar(item.key) && item.key.value === key);
    // The comment above the first key of a map is the map's.
    before = at.items[0] === pair ? (at.commentBefore ?? undefined) : undefined;
    if (pair === undefined) throw new Error(`values.yaml has no ${path.join('.')}`);
    at = pair.value;
  }
  const own = pair && isScalar(pair.key) ? pair.key.commentBefore : undefined;
  const comment = (own ?? before ?? '').split('\n\n').at(-1)?.replaceAll(/\s+/g, ' ').trim() ?? '';
  if (comment === '') throw new Error(`values.yaml does not describe ${path.join('.')}`);
  const value: unknown = document.getIn(path);
  const plain: unknown = isMap(value) || (typeof value === 'object' && value !== null) ? toJS(value) : value;
  return { comment, value: typeof plain === 'string' && plain !== '' ? plain : JSON.stringify(plain) };
}

function toJS(value: object): unknown {
  return 'toJSON' in value && typeof value.toJSON === 'function' ? value.toJSON() : value;
}
