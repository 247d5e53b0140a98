import { expect } from 'vitest';
import { story } from '../driver/story.ts';
import { MINUTE, SECOND } from '../driver/time.ts';

story(
  'a Workspace’s events, read from top to bottom, are its life: what counted, what waited, which instance came and went',
  {},
  async (world) => {
    await world.putSecret('ada-env', { KEY: 'secret-a', OLD: 'secret-a' });
    await world.createWorkspace('ada');
    await world.untilReady('ada', 1);
    await world.pass(10 * MINUTE);
    await world.putSecret('ada-env', { KEY: 'secret-b' });
    await world.untilReady('ada', 2);
    await world.putSecret('ada-env', { KEY: 'secret-c', MORE: 'secret-c' });
    await world.untilReady('ada', 3);
    await world.pass(10 * MINUTE);
    await world.edit('ada', { requests: { restart: 'once' } });
    await world.untilReady('ada', 4);
    await world.remove('ada');
    await world.untilGone('ada');
    await world.pass(10 * SECOND);
    // Whether a heartbeat comes before the first look at the running instance is a matter of chance.
    const events = world.events('ada').filter(({ reason }) => reason !== 'Booting');
    expect(
      events.map(({ reason, note }) => `${reason}: ${note.replace(/i-\w+0000(\d\d)/g, 'i-$1')}`),
    ).toEqual([
      'Launching: Asking EC2 for launch 1 (Created) until the answer is definite.',
      'Provisioned: EC2 accepted launch 1 as instance i-01, for Created (generation 1).',
      'Ready: i-01 is running and sends heartbeats.',
      'SecretChanged: Generation 2 counts: ada-env/KEY changed.',
      'Restarting: Waiting for the end of i-01; then follows launch 2 (SecretChanged).',
      'Terminated: Instance i-01 of launch 1 is gone (Superseded).',
      'Launching: Asking EC2 for launch 2 (SecretChanged) until the answer is definite.',
      'Provisioned: EC2 accepted launch 2 as instance i-02, for SecretChanged (generation 2).',
      'Ready: i-02 is running and sends heartbeats.',
      'SecretChanged: Generation 3 counts: ada-env/KEY, ada-env/MORE changed.',
      expect.stringMatching(
        /^Deferred: SecretChanged \(generation 3\): ada-env\/KEY, ada-env\/MORE is carried out at \S+ at the latest: launch 2 is too young\.$/,
      ),
      'Restarting: Waiting for the end of i-02; then follows launch 3 (SecretChanged).',
      'Terminated: Instance i-02 of launch 2 is gone (Superseded).',
      'Launching: Asking EC2 for launch 3 (SecretChanged) until the answer is definite.',
      'Provisioned: EC2 accepted launch 3 as instance i-03, for SecretChanged (generation 3).',
      'Ready: i-03 is running and sends heartbeats.',
      'Restart: Launch 4 carries out the restart that was asked for.',
      'Restarting: Waiting for the end of i-03; then follows launch 4 (Restart).',
      'Terminated: Instance i-03 of launch 3 is gone (Superseded).',
      'Launching: Asking EC2 for launch 4 (Restart) until the answer is definite.',
      'Provisioned: EC2 accepted launch 4 as instance i-04, for Restart (generation 3).',
      'Ready: i-04 is running and sends heartbeats.',
      'Terminating: Waiting until EC2 says that i-04 (launch 4) is terminated.',
      'Terminated: Instance i-04 of launch 4 is gone (Deleted).',
    ]);
    expect(JSON.stringify(events)).not.toContain('secret-');
    // `kubectl events` sorts by this time.
    const times = events.map(({ at }) => at);
    expect(times).toEqual([...new Set(times)].sort());
    const operator = world.leader();
    expect(await operator.metric('workspace_changes_total', { cause: 'SecretChanged' })).toBe(2);
    expect(await operator.metric('workspace_provisions_total', { cause: 'SecretChanged' })).toBe(2);
    expect(await operator.metric('workspace_changes_total', { cause: 'Restart' })).toBe(1);
    expect(await operator.metric('workspace_changes_total', { cause: 'Created' })).toBe(1);
  },
);
