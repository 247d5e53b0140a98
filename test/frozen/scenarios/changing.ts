import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import type { Step } from '../frozen.ts';
import {
  conditionOf,
  klass,
  lifted,
  type Scenario,
  type Stage,
  secret,
  secretNow,
  specNow,
  workspace,
} from '../play/stage.ts';

const ALL = ['ada', 'bob', 'cleo', 'dan'];
const spec = { className: 'plain', envFrom: [{ secretRef: { name: 'shared' } }] };
const rollout = { debounceSeconds: 2, minIntervalSeconds: 20, maxUnavailable: '1' };

async function fleet(stage: Stage, classSpec: Record<string, unknown> = { rollout }): Promise<void> {
  await stage.do(klass('plain', classSpec));
  await stage.do(secret('shared', { TOKEN: 'one' }));
  for (const name of ALL) await stage.do(workspace(name, spec));
  await stage.ready(...ALL);
  await stage.seconds(60);
}

const reasons = async (stage: Stage) =>
  (await Promise.all(ALL.map(stage.read))).map((it) => conditionOf(it, 'UpToDate')?.reason ?? '');

const count = (found: readonly string[], reason: string) => found.filter((it) => it === reason).length;

/** Those whose replacement has not been sent: one instance each is still to come. */
async function toCome(stage: Stage): Promise<Record<string, number>> {
  const all = await Promise.all(ALL.map(stage.read));
  const waits = (it: Workspace | undefined) =>
    it?.status?.launch?.number === 1 || it?.status?.launch?.phase === 'Waiting';
  return Object.fromEntries(ALL.filter((_, index) => waits(all[index])).map((name) => [name, 1]));
}

const allReady = { ada: 'Ready', bob: 'Ready', cleo: 'Ready', dan: 'Ready' };

export const verifying: Scenario = {
  name: 'verifying',
  about: 'A shared Secret changed: one tries it, the others wait for that one.',
  async bringAbout(stage) {
    await fleet(stage);
    await stage.do(secretNow('shared', { TOKEN: 'two' }));
    await stage.until('three wait', async () => count(await reasons(stage), 'RolloutVerifying') === 3);
    await stage.seconds(1);
    return [
      {
        about: 'The roll-out goes on where it was: each once, the one that is under way not again.',
        seconds: 420,
        provisions: await toCome(stage),
        ends: allReady,
      },
    ];
  },
};

export const rolling: Scenario = {
  name: 'rolling',
  about: 'Some are replaced for a change of their Secret, one is down, the rest stand in line.',
  async bringAbout(stage) {
    await fleet(stage);
    await stage.do(secretNow('shared', { TOKEN: 'two' }));
    await stage.until('one waits in line', async () => count(await reasons(stage), 'RolloutQueued') === 2);
    await stage.seconds(1);
    return [{ about: 'The roll-out ends.', seconds: 300, provisions: await toCome(stage), ends: allReady }];
  },
};

export const deferred: Scenario = {
  name: 'deferred',
  about: 'Changes too soon after the last launch: ada’s is deferred, bob’s has not stood still yet.',
  async bringAbout(stage) {
    await stage.do(
      klass('plain', { rollout: { debounceSeconds: 5, minIntervalSeconds: 180, maxUnavailable: '100%' } }),
    );
    await stage.do(secret('shared', { TOKEN: 'one' }));
    await stage.do(secret('own', { TOKEN: 'one' }));
    await stage.do(workspace('ada', spec));
    await stage.do(workspace('bob', { ...spec, envFrom: [{ secretRef: { name: 'own' } }] }));
    await stage.ready('ada', 'bob');
    await stage.do(secretNow('shared', { TOKEN: 'two' }));
    await stage.until(
      'ada waits',
      async () => conditionOf(await stage.read('ada'), 'UpToDate')?.reason === 'Deferred',
    );
    await stage.seconds(5);
    await stage.do(secretNow('own', { TOKEN: 'two' }));
    await stage.seconds(2);
    return [
      {
        about: 'Deferred still, never dropped.',
        seconds: 60,
        ends: { ada: 'Ready, Deferred', bob: 'Ready, Deferred' },
      },
      {
        about: 'In their time, once each.',
        seconds: 240,
        provisions: { ada: 1, bob: 1 },
        ends: { ada: 'Ready', bob: 'Ready' },
      },
    ];
  },
};

export const halted: Scenario = {
  name: 'halted',
  about: 'A change failed twice with the one that tried it, and is not rolled out any further.',
  async bringAbout(stage) {
    await fleet(stage, { rollout, startupTimeoutSeconds: 40 });
    await stage.do({ conditions: { held: ['*'] } });
    await stage.do(secretNow('shared', { TOKEN: 'two' }));
    await stage.until('it is halted', async () => count(await reasons(stage), 'RolloutHalted') === 3);
    await stage.seconds(10);
    const numbers = await Promise.all(
      ALL.map(async (name) => (await stage.read(name))?.status?.launch?.number),
    );
    const failed = ALL.filter((_, index) => (numbers[index] ?? 0) > 1);
    const others = ALL.filter((name) => !failed.includes(name));
    const each = <T>(names: readonly string[], value: T) =>
      Object.fromEntries(names.map((name) => [name, value]));
    const course: Step[] = [
      {
        about: 'The one that failed comes up after all; the others stay as they are.',
        deeds: [lifted],
        seconds: 200,
        provisions: each(failed, 1),
        ends: { ...each(others, 'Ready, RolloutHalted'), ...each(failed, 'Ready') },
      },
      {
        about: 'Resumed, each gets the change.',
        deeds: [{ patch: 'WorkspaceClass', name: 'plain', with: { spec: { requests: { resume: 'now' } } } }],
        seconds: 420,
        provisions: each(others, 1),
        ends: allReady,
      },
    ];
    return course;
  },
};

export const replacing: Scenario = {
  name: 'replacing',
  about:
    'ada superseded for a restart, bob for a change of spec, all with a changed Secret; the predecessors have yet to go.',
  async bringAbout(stage) {
    await fleet(stage, { rollout: { ...rollout, maxUnavailable: '100%' } });
    await stage.do(specNow('ada', { requests: { restart: 'please' } }));
    await stage.do(specNow('bob', { instanceType: 'm6i.large' }));
    await stage.do(secretNow('shared', { TOKEN: 'two' }));
    await stage.until('ada and bob wait for their predecessors', async () => {
      const [ada, bob] = await Promise.all(['ada', 'bob'].map(stage.read));
      return [ada, bob].every((it) => it?.status?.launch?.phase === 'Waiting');
    });
    await stage.seconds(1);
    return [
      {
        about: 'Each has one successor, that knows the newest of all.',
        seconds: 300,
        provisions: { ada: 1, bob: 1, cleo: 1, dan: 1 },
        ends: allReady,
      },
    ];
  },
};
