import { klass, type Scenario, type Stage, secret, secretNow, specNow, workspace } from '../play/stage.ts';

const CLASS_SCRIPT = '#!/bin/sh\necho "grüße" >/etc/motd\n';

async function setUp(stage: Stage): Promise<void> {
  await stage.do(klass('plain'));
  await stage.do(
    klass('rich', {
      images: [
        { architecture: 'x86_64', id: 'ami-0aaaaaaaaaaaaaaaa' },
        { architecture: 'arm64', ssmParameter: '/workspaces/images/arm64' },
      ],
      imageUpdatePolicy: 'Automatic',
      instanceTypes: [{ name: 'm7g.large', architecture: 'arm64' }, { name: 'm7i.large' }],
      instanceProfile: 'workspace',
      rootVolume: { sizeGiB: 40, type: 'gp3', iops: 4000, throughput: 200, kmsKeyID: 'alias/workspaces' },
      tags: { team: 'research', 'cost-center': '42' },
      userData: CLASS_SCRIPT,
      maxInstances: 5,
      maxInstancesPerNamespace: 4,
    }),
  );
  await stage.do(klass('spot', { capacityTypes: ['Spot', 'OnDemand'], stopBehavior: 'Terminate' }));
  await stage.do(secret('shared', { TOKEN: 'one', PASSWORD: 'two' }));
  await stage.do(secret('own', { TOKEN: 'three' }));
  const envFrom = [{ secretRef: { name: 'shared' } }];
  await stage.do(workspace('ada', { className: 'plain', envFrom }));
  await stage.do(
    workspace('bob', {
      className: 'rich',
      envFrom: [...envFrom, { secretRef: { name: 'own' } }, { secretRef: { name: 'none', optional: true } }],
      env: [{ name: 'MODE', value: 'full' }],
      instanceType: 'm7i.large',
      requests: { restart: 'present at creation' },
    }),
  );
  await stage.do(workspace('cleo', { className: 'spot', envFrom }));
  await stage.do(workspace('dan', { className: 'rich' }));
}

/** Everything at rest, of many kinds, with a history. */
export const settled: Scenario = {
  name: 'settled',
  about:
    'All Ready: plain, with everything that a class can say, Spot, after a change, a restart and an end.',
  async bringAbout(stage) {
    await setUp(stage);
    await stage.ready('ada', 'bob', 'cleo', 'dan');
    await stage.seconds(30);
    await stage.do(secretNow('own', { TOKEN: 'four' }));
    await stage.seconds(30);
    await stage.ready('bob');
    await stage.do(specNow('ada', { requests: { restart: 'once more' } }));
    await stage.seconds(30);
    await stage.ready('ada');
    const dan = await stage.read('dan');
    stage.scene.service.faults.end(dan?.status?.instance?.id ?? '');
    await stage.seconds(30);
    await stage.ready('dan');
    await stage.seconds(120);
    return [
      {
        about: 'The later operator finds nothing to do.',
        seconds: 180,
        ends: { ada: 'Ready', bob: 'Ready', cleo: 'Ready', dan: 'Ready' },
        quiet: true,
      },
      {
        about: 'A Secret of three changes: one new instance each.',
        deeds: [secretNow('shared', { TOKEN: 'five' })],
        seconds: 240,
        provisions: { ada: 1, bob: 0, cleo: 1 },
        ends: { ada: 'Ready', bob: 'Ready', cleo: 'Ready', dan: 'Ready' },
      },
      {
        about: 'One that only the Workspace itself has.',
        deeds: [secretNow('shared', { PASSWORD: 'six' })],
        seconds: 240,
        provisions: { ada: 1, bob: 1, cleo: 1 },
        ends: { ada: 'Ready', bob: 'Ready', cleo: 'Ready', dan: 'Ready' },
      },
    ];
  },
};

/** Digests, tickets and sessions under two keys. */
export const keys: Scenario = {
  name: 'keys',
  about: 'Keys were rotated: ada was launched under the first, bob under the second.',
  async bringAbout(stage) {
    await stage.do(klass('plain'));
    await stage.do(secret('shared', { TOKEN: 'one' }));
    const spec = { className: 'plain', envFrom: [{ secretRef: { name: 'shared' } }] };
    await stage.do(workspace('ada', spec));
    await stage.ready('ada');
    const { kube } = stage.scene;
    await kube.mergePatch(
      { group: '', version: 'v1', plural: 'secrets', namespaced: true },
      { namespace: 'workspace-system', name: 'workspace-operator-keys' },
      { metadata: { annotations: { 'compute.molecule.ai/rotate-keys': 'first' } } },
    );
    await stage.seconds(10);
    await stage.do(workspace('bob', spec));
    await stage.ready('bob');
    await stage.seconds(60);
    return [
      {
        about: 'Neither key changes anything.',
        seconds: 120,
        ends: { ada: 'Ready', bob: 'Ready' },
        quiet: true,
      },
      {
        about: 'A change is one, under whichever key.',
        deeds: [secretNow('shared', { TOKEN: 'two' })],
        seconds: 240,
        provisions: { ada: 1, bob: 1 },
        ends: { ada: 'Ready', bob: 'Ready' },
      },
    ];
  },
};
