import { expect } from 'vitest';
import type { Filter, Instance } from '../../src/ec2/calls/port.ts';
import { INSTANCES, STATUS } from './moto.ts';
import { type Cloud, contract, outcomeOf } from './support/clouds.ts';

const ABSENT = 'i-0123456789abcdef0';

const by = (name: string, ...values: string[]): Filter => ({ name, values });

async function find({ calls }: Cloud, ...filters: Filter[]): Promise<string[]> {
  const all: Instance[] = [];
  let nextToken: string | undefined;
  do {
    const page = await calls.describeInstances({ filters, ...(nextToken !== undefined && { nextToken }) });
    all.push(...page.items);
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return all.map(({ id }) => id).sort();
}

contract('DescribeInstances', INSTANCES, (law) => {
  law('a filter’s values are joined by or, filters by and', async (cloud) => {
    const a = await cloud.launch({ tags: { color: 'red', shape: 'round' } });
    const b = await cloud.launch({ tags: { color: 'blue', shape: 'round' } });
    await cloud.launch({ tags: { color: 'green', shape: 'round' } });
    await cloud.launch({ tags: { color: 'red', shape: 'square' } });
    const found = await find(cloud, by('tag:color', 'red', 'blue'), by('tag:shape', 'round'));
    expect(found).toEqual([a, b].sort());
    expect(await find(cloud, by('tag:color', 'yellow'))).toEqual([]);
    expect(await find(cloud, by('tag:colour', 'red'))).toEqual([]);
  });

  law('a filter’s values are case-sensitive, with wildcards', async (cloud) => {
    const id = await cloud.launch({ tags: { wild: 'alpha-1' } });
    expect(await find(cloud, by('tag:wild', 'alpha-?'))).toEqual([id]);
    expect(await find(cloud, by('tag:wild', 'al*'))).toEqual([id]);
    expect(await find(cloud, by('tag:wild', 'Alpha-1'))).toEqual([]);
    expect(await find(cloud, by('tag:wild', 'alpha'))).toEqual([]);
  });

  law('the filter by id leaves out what does not exist', async (cloud) => {
    const id = await cloud.launch();
    expect(await find(cloud, by('instance-id', id, ABSENT))).toEqual([id]);
    expect(await find(cloud, by('instance-id', ABSENT))).toEqual([]);
  });

  law('the filter by token finds the launch', async (cloud) => {
    const asked = cloud.request();
    const { id } = await cloud.calls.runInstances(asked);
    expect(await find(cloud, by('client-token', asked.clientToken))).toEqual([id]);
  });

  law('the filter by state follows the instance, the terminated ones included', async (cloud) => {
    const id = await cloud.launch({ tags: { states: 'all' } });
    await cloud.until(id, 'running');
    const mine = by('tag:states', 'all');
    expect(await find(cloud, mine, by('instance-state-name', 'running', 'pending'))).toEqual([id]);
    await cloud.calls.terminateInstances([id]);
    await cloud.until(id, 'terminated');
    expect(await find(cloud, mine, by('instance-state-name', 'running', 'pending'))).toEqual([]);
    expect(await find(cloud, mine, by('instance-state-name', 'terminated'))).toEqual([id]);
    expect(await find(cloud, mine)).toEqual([id]);
  });

  law('a filter that is none is refused', async ({ calls }) => {
    expect(await outcomeOf(calls.describeInstances({ filters: [by('shoe-size', '42')] }))).toBe(
      'userFix InvalidParameterValue',
    );
  });

  law('more than 200 values of filters are refused', async ({ calls }) => {
    const values = Array.from({ length: 201 }, (_, index) => String(index));
    expect(await outcomeOf(calls.describeInstances({ filters: [by('tag:a', ...values)] }))).toBe(
      'userFix FilterLimitExceeded',
    );
  });

  law('pages are no longer than asked for, and together they are all, each once', async (cloud) => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => cloud.launch({ tags: { paged: 'yes' } })));
    const filters = [by('tag:paged', 'yes')];
    const first = await cloud.calls.describeInstances({ filters });
    expect(first.items).toHaveLength(5);
    expect(first.nextToken).toBeDefined();
    expect(await find(cloud, ...filters)).toEqual(ids.sort());
  });

  law('the last page has no token', async (cloud) => {
    await Promise.all(Array.from({ length: 5 }, () => cloud.launch({ tags: { full: 'page' } })));
    const page = await cloud.calls.describeInstances({ filters: [by('tag:full', 'page')] });
    expect(page.items).toHaveLength(5);
    expect(page).not.toHaveProperty('nextToken');
  });

  law('a token that nobody gave is refused', async ({ calls }) => {
    expect(
      await outcomeOf(calls.describeInstances({ filters: [by('tag:a', 'b')], nextToken: 'nonsense' })),
    ).toBe('userFix InvalidNextToken');
  });

  law('by ids it is all of them or, when one does not exist, an error', async ({ calls, launch }) => {
    const [a, b] = await Promise.all([launch(), launch()]);
    const { items } = await calls.describeInstances({ ids: [a, b] });
    expect(items.map(({ id }) => id).sort()).toEqual([a, b].sort());
    expect(await outcomeOf(calls.describeInstances({ ids: [a, ABSENT] }))).toBe(
      'gone InvalidInstanceID.NotFound',
    );
  });

  law('an id that is none is malformed', async ({ calls }) => {
    expect(await outcomeOf(calls.describeInstances({ ids: ['instance-1'] }))).toBe(
      'userFix InvalidInstanceID.Malformed',
    );
  });
});

contract('DescribeInstanceStatus', STATUS, (law) => {
  const checks = ['instance', 'system'] as const;

  law('of what runs and is well, no check is impaired', async (cloud) => {
    await cloud.until(await cloud.launch(), 'running');
    for (const check of checks) {
      const filters = [by(`${check}-status.status`, 'impaired')];
      expect(await cloud.calls.describeInstanceStatus({ filters })).toEqual({ items: [] });
    }
  });

  law('checks initialize after a start, then are ok', async (cloud) => {
    const id = await cloud.launch();
    await cloud.until(id, 'running');
    expect(await statusOf(cloud, id, 'initializing')).toEqual({
      id,
      instance: 'initializing',
      system: 'initializing',
    });
    await cloud.eventually(() => statusOf(cloud, id, 'ok'), { id, instance: 'ok', system: 'ok' });
  });

  law('checks come to be ok', async (cloud) => {
    const id = await cloud.launch();
    await cloud.eventually(() => statusOf(cloud, id, 'ok'), { id, instance: 'ok', system: 'ok' });
  });

  law('only what runs has a status', async (cloud) => {
    const id = await cloud.launch();
    await cloud.until(id, 'running');
    await cloud.calls.stopInstances([id]);
    await cloud.until(id, 'stopped');
    for (const status of ['ok', 'initializing', 'not-applicable'])
      expect(await statusOf(cloud, id, status)).toBeUndefined();
  });

  law('it has no filter by tag', async ({ calls }) => {
    const filters = [by('tag:a', 'b')];
    expect(await outcomeOf(calls.describeInstanceStatus({ filters }))).toBe('userFix InvalidParameterValue');
  });

  law('its pages are no longer than asked for', async (cloud) => {
    const ids = await Promise.all(Array.from({ length: 6 }, () => cloud.launch()));
    for (const id of ids) await cloud.until(id, 'running');
    const filters = [by('instance-state-name', 'running')];
    const first = await cloud.calls.describeInstanceStatus({ filters });
    expect(first.items).toHaveLength(5);
    const second = await cloud.calls.describeInstanceStatus({ filters, nextToken: first.nextToken ?? '' });
    expect(second.items.length).toBeGreaterThan(0);
    const seen = [...first.items, ...second.items].map(({ id }) => id);
    expect(new Set(seen).size).toBe(seen.length);
  });
});

/** As the pages of one status show it. */
async function statusOf({ calls }: Cloud, id: string, status: string) {
  let nextToken: string | undefined;
  do {
    const filters = [by('instance-status.status', status)];
    const page = await calls.describeInstanceStatus({
      filters,
      ...(nextToken !== undefined && { nextToken }),
    });
    const found = page.items.find((item) => item.id === id);
    if (found) return found;
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return undefined;
}
