import { expect } from 'vitest';
import { story } from '../driver/story.ts';
import { MINUTE } from '../driver/time.ts';

const REFUSED = {
  action: 'RunInstances',
  fault: { kind: 'error', code: 'InvalidParameterValue', message: 'Tag key team/owner is not valid.' },
  match: { 'tag:team/owner': 'x' },
  times: Number.POSITIVE_INFINITY,
} as const;

story('a dry run answers only for launches that bring what it brought', {}, async (world) => {
  await world.createClass('tagged');
  for (const name of ['plain', 'tagged']) {
    await world.putSecret(`${name}-env`, { KEY: 'a' });
    await world.createWorkspace(name, { className: name === 'plain' ? 'standard' : name });
  }
  await world.untilAllReady(1);
  await world.pass(5 * MINUTE);
  // EC2 refuses the tag that one of two classes, which are otherwise alike, has from now on.
  for (const dryRun of [true, false]) world.ec2({ ...REFUSED, dryRun });
  await world.editClass('tagged', { tags: { 'team/owner': 'x' } });
  await world.pass(MINUTE);
  await world.putSecret('plain-env', { KEY: 'b' });
  await world.untilReady('plain', 2);
  await world.putSecret('tagged-env', { KEY: 'b' });
  await world.putSecret('plain-env', { KEY: 'c' });
  await world.untilReady('plain', 3);
  await world.pass(5 * MINUTE);
  expect(world.terminations('tagged')).toEqual([]);
  expect(world.condition('tagged', 'Ready')?.status).toBe('True');
  expect(world.condition('tagged', 'UpToDate')).toMatchObject({
    status: 'False',
    reason: 'InvalidConfiguration',
    message: expect.stringContaining('Tag key team/owner'),
  });
  expect(world.events('plain').filter(({ note }) => note.includes('team/owner'))).toEqual([]);
  await world.editClass('tagged', { tags: null });
  await world.untilReady('tagged', 2);
  expect(world.provisions('tagged')).toHaveLength(2);
});

story('a dry run that AWS puts off for long is asked again, and costs no writes', {}, async (world) => {
  await world.editClass('standard', { rollout: { maxUnavailable: '100%' } });
  const names = await world.createFleet(3);
  await world.pass(2 * MINUTE);
  const fault = { kind: 'error', code: 'RequestLimitExceeded' } as const;
  const lift = world.ec2({ action: 'RunInstances', fault, dryRun: true, times: Number.POSITIVE_INFINITY });
  const writes = () => world.changesAsked()['patch workspaces.compute.molecule.ai status'] ?? 0;
  const before = writes();
  await world.putSecret('shared-env', { KEY: 'b' });
  await world.pass(5 * MINUTE);
  expect(world.down()).toEqual([]);
  expect(writes() - before).toBeLessThanOrEqual(4 * names.length);
  lift();
  await world.untilAllReady(2);
  expect(world.provisions()).toHaveLength(2 * names.length);
});
