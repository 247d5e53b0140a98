import { expect } from 'vitest';
import { CLASS_EDITS, type Edit, WORKSPACE_EDITS } from '../../../src/api/edits/edits.ts';
import { story } from '../driver/story.ts';
import { MINUTE } from '../driver/time.ts';
import type { World } from '../driver/world.ts';
import { CLASS_EXAMPLES, GROUP, IMAGES, PARAMETERS, WORKSPACE_EXAMPLES } from './editExamples.ts';

/** The account in which the examples are played. */
function furnish({ cloud: { account } }: World): void {
  const [first] = account.securityGroups;
  const [image] = account.images;
  if (!first || !image) throw new Error('the account has neither a group nor an image');
  first.tags.push({ key: 'app', value: 'agents' });
  account.securityGroups.push({
    ...first,
    id: GROUP.other,
    name: 'web',
    tags: [{ key: 'tier', value: 'web' }],
  });
  account.images.push({ ...image, id: IMAGES.newer, name: 'newer' });
  Object.assign(account.ssmParameters, {
    [PARAMETERS.steady]: IMAGES.x86,
    [PARAMETERS.newer]: IMAGES.newer,
    [PARAMETERS.moving]: IMAGES.x86,
  });
}

interface Row<Example> extends Edit {
  /** `field: edit`. */
  row: string;
  example: Example;
  /** Of the Workspace that plays it, and of its class. */
  name: string;
}

/** Each row of a table with its example. */
function rowsOf<Example>(
  table: Readonly<Record<string, Readonly<Record<string, Edit>>>>,
  examples: Readonly<Record<string, Example>>,
  prefix: string,
): Row<Example>[] {
  const rows = Object.entries(table).flatMap(([field, edits]) =>
    Object.entries(edits).map(([key, edit]) => ({ ...edit, row: `${field}: ${key}` })),
  );
  return rows.map((it, index) => {
    const example = examples[it.row];
    if (!example) throw new Error(`there is no example of ${it.row}`);
    return { ...it, example, name: `${prefix}-${index}` };
  });
}

/** What an edit cost, in the words of the table. */
function costs(world: World, rows: readonly Row<unknown>[]): Record<string, string> {
  return Object.fromEntries(
    rows.map(({ row, name, costs: cost }) => {
      const more = world.provisions(name).length - 1;
      const said = more === 0 && cost === 'nextLaunch' ? 'nextLaunch' : more === 0 ? 'nothing' : 'provision';
      return [row, more > 1 ? `${more} provisions` : said];
    }),
  );
}

const promised = (rows: readonly Row<unknown>[]) =>
  Object.fromEntries(rows.map(({ row, costs: it }) => [row, it]));
const version = (world: World, name: string) => world.workspace(name).metadata.resourceVersion;

story('each edit of a class costs its Workspaces what the table says', {}, async (world) => {
  furnish(world);
  await world.putSecret('edits', { KEY: 'a' });
  const rows = rowsOf(CLASS_EDITS, CLASS_EXAMPLES, 'c');
  for (const { name, example } of rows) {
    await world.createClass(name, example.before);
    await world.createWorkspace(name, { className: name, ...world.from('edits') });
  }
  await world.untilAllReady(1);
  world.cloud.account.ssmParameters[PARAMETERS.moving] = IMAGES.newer;
  await world.pass(6 * MINUTE);
  const before = new Map(rows.map(({ name }) => [name, version(world, name)]));
  for (const { name, example } of rows) await world.editClass(name, example.patch);
  await world.pass(6 * MINUTE);
  await world.untilAllReady();
  expect(costs(world, rows)).toEqual(promised(rows));
  const unmoved = rows.filter(({ costs: cost }) => cost !== 'provision');
  const written = unmoved.filter(({ name }) => version(world, name) !== before.get(name));
  expect(written.map(({ row }) => row)).toEqual([]);

  const later = rows.filter(({ costs: cost }) => cost === 'nextLaunch');
  for (const { name } of later) await world.edit(name, { requests: { restart: 'now' } });
  for (const { row, name, example } of later) {
    const { status } = await world.untilReady(name, 2);
    const [look, value] = example.takes ?? [() => 'no look at what the next launch takes up', undefined];
    expect({ row, takes: status?.launch && look(status.launch) }).toEqual({ row, takes: value });
  }
  await world.pass(3 * MINUTE);
  expect(later.filter(({ name }) => world.provisions(name).length !== 2)).toEqual([]);
});

story('each edit of a Workspace costs what the table says', {}, async (world) => {
  await world.putSecret('edits', { KEY: 'a' });
  await world.putSecret('more', { OTHER: 'b' });
  await world.createClass('alike');
  await world.createClass('larger', { rootVolume: { sizeGiB: 60 } });
  const rows = rowsOf(WORKSPACE_EDITS, WORKSPACE_EXAMPLES, 'w');
  for (const { name, example } of rows) {
    await world.createWorkspace(name, { ...world.from('edits'), ...example.before });
  }
  await world.untilAllReady(1);
  await world.pass(5 * MINUTE);
  for (const step of [0, 1]) {
    for (const { name, example } of rows) {
      const patch = example.patches[step];
      if (patch) await world.edit(name, patch);
    }
    await world.pass(8 * MINUTE);
  }
  await world.untilAllReady();
  expect(costs(world, rows)).toEqual(promised(rows));
});
