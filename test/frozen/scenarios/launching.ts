import { klass, launchesOf, lifted, type Scenario, secret, specNow, workspace } from '../play/stage.ts';

const CA_BUNDLE = '-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n';
const spec = { className: 'plain', envFrom: [{ secretRef: { name: 'shared' } }] };

/** The state that money depends on: nobody knows whether these launches happened. */
export const doubt: Scenario = {
  name: 'doubt',
  about:
    'Launches sent without an answer: ada’s never reached EC2, bob’s and cleo’s did, which nobody sees yet.',
  caBundle: CA_BUNDLE,
  async bringAbout(stage) {
    await stage.do(klass('plain'));
    await stage.do(
      klass('rich', {
        capacityTypes: ['Spot'],
        stopBehavior: 'Terminate',
        instanceProfile: 'workspace',
        rootVolume: { sizeGiB: 40, iops: 4000, kmsKeyID: 'alias/workspaces' },
        tags: { team: 'research', Name: 'chosen' },
        userData: "echo 'it''s' $HOME\n",
      }),
    );
    await stage.do(secret('shared', { TOKEN: 'one' }));
    await stage.do(workspace('dan', { ...spec, className: 'rich' }));
    await stage.ready('dan');
    await stage.do({
      conditions: {
        faults: [
          { ...launchesOf('ada'), fault: { kind: 'lostRequest', how: 'reset' } },
          { ...launchesOf('dan'), fault: { kind: 'lostRequest', how: 'reset' } },
          { ...launchesOf('bob'), fault: { kind: 'lostResponse', how: 'reset' } },
          { ...launchesOf('cleo'), fault: { kind: 'lostResponse', how: 'hang' } },
        ],
      },
    });
    await stage.do(specNow('dan', { requests: { restart: 'please' } }));
    const launchOf = async (name: string) => (await stage.read(name))?.status?.launch;
    await stage.until('dan’s restart is sent', async () => {
      const launch = await launchOf('dan');
      return launch?.number === 2 && launch.phase === 'Submitted';
    });
    await stage.do(workspace('ada', { ...spec, className: 'rich' }));
    await stage.do(workspace('bob', spec));
    await stage.do(workspace('cleo', { ...spec, className: 'rich' }));
    await stage.until('all are sent', async () => {
      const { cloud } = stage.scene.service;
      for (const { id } of cloud.instances.values()) stage.scene.service.faults.hide(id, 45_000);
      const all = await Promise.all(['ada', 'bob', 'cleo'].map(launchOf));
      return cloud.instances.size === 3 && all.every((launch) => launch?.phase === 'Submitted');
    });
    await stage.seconds(2);
    return [
      {
        about: 'Without answers they are sent again, and again, as they were.',
        seconds: 40,
        ends: { ada: 'Launching', bob: 'Launching', cleo: 'Launching', dan: 'Launching' },
        replays: ['ada', 'bob', 'cleo', 'dan'],
      },
      {
        about: 'With the first answer each has its one instance.',
        deeds: [lifted],
        seconds: 240,
        provisions: { ada: 1, dan: 1 },
        ends: { ada: 'Ready', bob: 'Ready', cleo: 'Ready', dan: 'Ready' },
        replays: ['ada', 'dan'],
      },
    ];
  },
};

export const booting: Scenario = {
  name: 'booting',
  about: 'On the way up: ada is pending, bob runs and is not heard yet.',
  async bringAbout(stage) {
    await stage.do(klass('plain'));
    await stage.do(secret('shared', { TOKEN: 'one' }));
    await stage.do({ conditions: { held: ['default/bob'] } });
    await stage.do(workspace('bob', spec));
    await stage.until(
      'bob runs',
      async () => (await stage.read('bob'))?.status?.instance?.state === 'running',
    );
    await stage.do(workspace('ada', spec));
    await stage.until(
      'ada is pending',
      async () => (await stage.read('ada'))?.status?.instance?.state === 'pending',
    );
    await stage.seconds(5);
    return [
      {
        about: 'Pending is progress, and silence before the first heartbeat too.',
        seconds: 25,
        ends: { ada: 'Ready', bob: 'Booting' },
      },
      { about: 'Both come up.', deeds: [lifted], seconds: 120, ends: { ada: 'Ready', bob: 'Ready' } },
    ];
  },
};

export const waiting: Scenario = {
  name: 'waiting',
  about:
    'None has an instance: no capacity, no quota, a Secret or a class that is not there, a full class, paused, stopped.',
  async bringAbout(stage) {
    await stage.do(klass('plain'));
    await stage.do(klass('metered', { instanceTypes: [{ name: 'r7i.large' }] }));
    await stage.do(klass('full', { maxInstances: 0 }));
    await stage.do(secret('shared', { TOKEN: 'one' }));
    await stage.do({
      conditions: {
        faults: [
          { ...launchesOf('ada'), fault: { kind: 'error', code: 'InsufficientInstanceCapacity' } },
          { ...launchesOf('bob'), fault: { kind: 'error', code: 'VcpuLimitExceeded' } },
        ],
      },
    });
    await stage.do(workspace('ada', spec));
    await stage.do(workspace('bob', { ...spec, className: 'metered' }));
    await stage.do(workspace('cleo', { ...spec, envFrom: [{ secretRef: { name: 'missing' } }] }));
    await stage.do(workspace('dan', { ...spec, className: 'missing' }));
    await stage.do(workspace('eve', { ...spec, className: 'full' }));
    await stage.do(workspace('fay', { ...spec, paused: true }));
    await stage.do(workspace('gus', { ...spec, operatingMode: 'Stopped' }));
    await stage.seconds(60);
    return [
      {
        about: 'They go on waiting.',
        seconds: 60,
        ends: {
          ada: 'CapacityUnavailable',
          bob: 'QuotaExceeded',
          cleo: 'SecretMissing',
          dan: 'ClassNotFound',
          eve: 'ClassLimitReached',
          fay: 'Paused',
          gus: 'Stopped',
        },
      },
      {
        about: 'What they wait for comes: one instance each.',
        deeds: [
          lifted,
          secret('missing', { TOKEN: 'one' }),
          klass('missing'),
          { patch: 'WorkspaceClass', name: 'full', with: { spec: { maxInstances: 1 } } },
          { patch: 'Workspace', name: 'fay', with: { spec: { paused: false } } },
          { patch: 'Workspace', name: 'gus', with: { spec: { operatingMode: 'Running' } } },
        ],
        seconds: 300,
        provisions: { ada: 1, bob: 1, cleo: 1, dan: 1, eve: 1, fay: 1, gus: 1 },
        ends: {
          ada: 'Ready',
          bob: 'Ready',
          cleo: 'Ready',
          dan: 'Ready',
          eve: 'Ready',
          fay: 'Ready',
          gus: 'Ready',
        },
      },
    ];
  },
};
