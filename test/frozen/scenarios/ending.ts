import { klass, launchesOf, lifted, type Scenario, secret, specNow, workspace } from '../play/stage.ts';

const spec = { className: 'plain', envFrom: [{ secretRef: { name: 'shared' } }] };

export const stopped: Scenario = {
  name: 'stopped',
  about: 'ada is stopped, bob is stopping, cleo starts again, dan was ended to be stopped.',
  async bringAbout(stage) {
    await stage.do(klass('plain'));
    await stage.do(klass('ends', { stopBehavior: 'Terminate' }));
    await stage.do(secret('shared', { TOKEN: 'one' }));
    for (const name of ['ada', 'bob', 'cleo']) await stage.do(workspace(name, spec));
    await stage.do(workspace('dan', { ...spec, className: 'ends' }));
    await stage.ready('ada', 'bob', 'cleo', 'dan');
    for (const name of ['ada', 'cleo', 'dan']) await stage.do(specNow(name, { operatingMode: 'Stopped' }));
    await stage.seconds(120);
    await stage.do({ conditions: { held: ['default/cleo'] } });
    await stage.do(specNow('cleo', { operatingMode: 'Running' }));
    await stage.seconds(15);
    await stage.do(specNow('bob', { operatingMode: 'Stopped' }));
    await stage.until(
      'bob is stopping',
      async () => (await stage.read('bob'))?.status?.launch?.phase === 'Stopped',
    );
    await stage.seconds(1);
    return [
      {
        about: 'Stopped is as it should be; a start is no launch.',
        deeds: [lifted],
        seconds: 120,
        ends: { ada: 'Stopped', bob: 'Stopped', cleo: 'Ready', dan: 'Stopped' },
      },
      {
        about: 'At rest.',
        seconds: 60,
        ends: { ada: 'Stopped', bob: 'Stopped', cleo: 'Ready', dan: 'Stopped' },
        quiet: true,
      },
      {
        about: 'Running again: their own instances, and a new one for the one that was ended.',
        deeds: ['ada', 'bob', 'dan'].map((name) => specNow(name, { operatingMode: 'Running' })),
        seconds: 180,
        provisions: { dan: 1 },
        ends: { ada: 'Ready', bob: 'Ready', cleo: 'Ready', dan: 'Ready' },
      },
    ];
  },
};

export const deleting: Scenario = {
  name: 'deleting',
  about:
    'Being deleted: ada’s instance shuts down, bob was asked to go just now, cleo’s launch is in doubt, dan never had one.',
  async bringAbout(stage) {
    await stage.do(klass('plain'));
    await stage.do(secret('shared', { TOKEN: 'one' }));
    for (const name of ['ada', 'bob']) await stage.do(workspace(name, spec));
    await stage.ready('ada', 'bob');
    await stage.do({
      conditions: {
        faults: [
          { ...launchesOf('cleo'), fault: { kind: 'lostResponse', how: 'reset' } },
          { ...launchesOf('dan'), fault: { kind: 'error', code: 'VcpuLimitExceeded' } },
        ],
      },
    });
    await stage.do(workspace('dan', spec));
    await stage.seconds(20);
    await stage.do(workspace('cleo', spec));
    await stage.until('cleo is sent', () => stage.scene.service.cloud.instances.size === 3);
    for (const { id, tags } of stage.scene.service.cloud.instances.values())
      if (tags.some(({ value }) => value === 'cleo')) stage.scene.service.faults.hide(id, 45_000);
    await stage.do({ delete: 'cleo' });
    await stage.do({ delete: 'ada' });
    await stage.until(
      'ada shuts down',
      async () => (await stage.read('ada'))?.status?.terminating !== undefined,
    );
    await stage.seconds(2);
    await stage.do({ delete: 'dan' });
    await stage.do({ delete: 'bob' });
    return [
      {
        about: 'What is in doubt is asked for until it is known; then all are gone, instances first.',
        deeds: [lifted],
        seconds: 240,
        ends: { ada: 'gone', bob: 'gone', cleo: 'gone', dan: 'gone' },
        replays: ['cleo'],
      },
    ];
  },
};

export const failing: Scenario = {
  name: 'failing',
  about:
    'ada fell silent, bob is replaced for its silence, cleo just ended, dan timed out and is tried again, eve is silent and kept, EC2 takes fay back.',
  async bringAbout(stage) {
    const held = ['default/dan'];
    await stage.do(klass('plain', { startupTimeoutSeconds: 60 }));
    await stage.do(klass('kept', { repair: { policy: 'None' } }));
    await stage.do(klass('spot', { capacityTypes: ['Spot'], stopBehavior: 'Terminate' }));
    await stage.do(secret('shared', { TOKEN: 'one' }));
    await stage.do({ conditions: { held } });
    for (const name of ['ada', 'bob', 'cleo', 'dan']) await stage.do(workspace(name, spec));
    await stage.do(workspace('eve', { ...spec, className: 'kept' }));
    await stage.do(workspace('fay', { ...spec, className: 'spot' }));
    await stage.ready('ada', 'bob', 'cleo', 'eve', 'fay');
    const idOf = async (name: string) => (await stage.read(name))?.status?.instance?.id ?? '';
    const [ada, bob, cleo, eve, fay] = await Promise.all(['ada', 'bob', 'cleo', 'eve', 'fay'].map(idOf));
    const { faults } = stage.scene.service;
    await stage.do({ conditions: { held, silent: [`${bob}`, `${eve}`] } });
    await stage.seconds(60);
    const silent = [`${ada}`, `${bob}`, `${eve}`];
    await stage.do({ conditions: { held, silent } });
    faults.interrupt(`${fay}`);
    await stage.until('bob is replaced', async () => (await stage.read('bob'))?.status?.launch?.number === 2);
    faults.end(`${cleo}`);
    await stage.seconds(3);
    return [
      {
        about: 'Each end is spent once, and the successors come up.',
        deeds: [{ conditions: { silent } }],
        seconds: 300,
        provisions: { ada: 1, bob: 1, cleo: 1, fay: 1 },
        ends: { ada: 'Ready', bob: 'Ready', cleo: 'Ready', dan: 'Ready', eve: 'HeartbeatLost', fay: 'Ready' },
      },
      {
        about: 'Whoever is heard again is as before.',
        deeds: [lifted],
        seconds: 60,
        ends: { ada: 'Ready', bob: 'Ready', cleo: 'Ready', dan: 'Ready', eve: 'Ready', fay: 'Ready' },
      },
    ];
  },
};
