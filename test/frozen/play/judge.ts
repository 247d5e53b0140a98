import { mergeEnvironment, type SecretData } from '../../../src/api/environment/environment.ts';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import { TAG } from '../../../src/ec2/calls/port.ts';
import { readSecret } from '../../../src/reconcilers/workspace/observe/readSecret.ts';
import type { Frozen } from '../frozen.ts';
import { readBody } from '../request.ts';
import { type Hands, NAMESPACE } from './hands.ts';
import { conditionOf } from './stage.ts';
import type { World } from './world.ts';

/** What has come about since the last look, by the cloud's and the cluster's own books. */
export interface Outcome {
  /** New instances by Workspace. */
  provisions: Record<string, number>;
  ends: Record<string, string>;
  /** Writes of the operator to Workspaces and classes. */
  writes: number;
  /** Workspaces with a launch that was on record and was sent again; and those with one that was sent otherwise. */
  replays: string[];
  altered: string[];
}

export function createJudge({ scene, sent }: World, frozen: Frozen, hands: Hands) {
  const { api, service, agents, kube } = scene;
  const recorded = new Map(frozen.requests.map(({ clientToken, body }) => [clientToken, body]));
  const seen = { provisions: 0, sent: 0, writes: 0 };

  const writes = () =>
    api.counters
      .rows()
      .filter(
        ({ verb, resource, userAgent }) =>
          /^(create|update|patch)$/.test(verb) &&
          resource.endsWith('compute.molecule.ai') &&
          userAgent.startsWith('operator'),
      )
      .reduce((sum, { count }) => sum + count, 0);

  async function wantedEnvironment(workspace: Workspace): Promise<Record<string, string>> {
    const contents = new Map<string, SecretData>();
    for (const { secretRef } of workspace.spec.envFrom) {
      const content = await readSecret(kube, NAMESPACE, secretRef.name);
      if (content) contents.set(secretRef.name, content);
    }
    const { variables } = mergeEnvironment(workspace.spec, contents);
    return Object.fromEntries([...variables].map(([name, value]) => [name, value.toString()]));
  }

  async function holdsWhatItShould(workspace: Workspace): Promise<boolean> {
    const { metadata, status } = workspace;
    const agent = agents
      .reports()
      .find(({ uid, number }) => uid === metadata.uid && number === status?.launch?.number);
    const [held, wanted] = [agent?.environment ?? {}, await wantedEnvironment(workspace)];
    const names = Object.keys(wanted);
    return names.length === Object.keys(held).length && names.every((name) => held[name] === wanted[name]);
  }

  async function endOf(name: string): Promise<string> {
    const workspace = await hands.read(name);
    if (!workspace) return 'gone';
    const [ready, upToDate] = ['Ready', 'UpToDate'].map((type) => conditionOf(workspace, type));
    if (ready?.status !== 'True') return `${ready?.reason}`;
    if (upToDate?.status !== 'True') return `Ready, ${upToDate?.reason}`;
    return (await holdsWhatItShould(workspace))
      ? 'Ready'
      : 'Ready with another environment than it should have';
  }

  return {
    async look(names: readonly string[]): Promise<Outcome> {
      const provisions: Record<string, number> = {};
      const made = service.cloud.ledger.provisions();
      for (const { tags } of made.slice(seen.provisions)) {
        const name = tags[TAG.name] ?? '';
        provisions[name] = (provisions[name] ?? 0) + 1;
      }
      const again = sent.slice(seen.sent).filter(({ clientToken }) => recorded.has(clientToken));
      const altered = again.filter(({ clientToken, body }) => recorded.get(clientToken) !== body);
      const ends = await Promise.all(names.map(async (name) => [name, await endOf(name)] as const));
      const outcome = {
        provisions,
        ends: Object.fromEntries(ends),
        writes: writes() - seen.writes,
        replays: workspacesOf(again),
        altered: workspacesOf(altered),
      };
      Object.assign(seen, { provisions: made.length, sent: sent.length, writes: writes() });
      return outcome;
    },
  };
}

function workspacesOf(requests: readonly { body: string }[]): string[] {
  const names = requests.map(
    ({ body }) => readBody(body).instanceTags.find(({ key }) => key === TAG.name)?.value ?? '',
  );
  return [...new Set(names)].sort();
}
