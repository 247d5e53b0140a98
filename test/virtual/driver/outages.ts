import type { FaultInput } from '../../../dev/apiserver/faults/faultSchema.ts';
import type { Account } from '../../../dev/ec2/base/model.ts';
import type { FaultRule } from '../../../dev/ec2/exchange/faults.ts';
import { TAG } from '../../../src/api/launch/tags.ts';
import type { Scene } from '../../simulator/scene/scene.ts';
import { NAMESPACE } from '../../simulator/scene/shape.ts';
import type { Time } from './time.ts';

export type Support = 'database' | 'gateway' | 'cloud' | 'cluster';

/** What goes wrong in the world. `faults` (EC2's own) and `scene.api.faults` can do more. */
export interface Outages {
  /** Takes away what operators and gateways stand on: every request fails at once. @returns how to bring it back */
  cut(support: Support): () => Promise<void>;
  /** EC2 refuses to launch one Workspace, or any, `times` times; by default until it relents. A replay of what happened is refused as well. @returns how to relent */
  refuse(
    name: string | '*',
    code: string,
    more?: { times?: number; dryRun?: boolean; message?: string },
  ): () => void;
  /** A fault of EC2's, of one Workspace's launches if a name is given. @returns how to lift it */
  ec2(rule: FaultRule, name?: string): () => void;
  /** A fault of the API server's towards operators, by default all of them. @returns how to lift it, and how often it hit */
  apiServer(fault: FaultInput): { lift(): void; hits(): number };
  /** The account's quota from now on. */
  quota(quota: Partial<Account['quota']>): void;
  /** A new image, to which the parameter of the class's images points from now on. Agents of a broken one never heartbeat. @returns its id */
  releaseImage(options?: { broken?: boolean }): string;
  /** The agents of a Workspace, or of an instance, live and say nothing. */
  silence(target: string, on: boolean): void;
  /** Its instances boot and no agent starts. */
  hold(target: string, on: boolean): void;
}

const OURS = ['operator', 'gateway'];
const FOREVER = Number.POSITIVE_INFINITY;

export function createOutages(scene: Scene, time: Time): Outages {
  const { service, api, agents, store, gateway, note } = scene;
  const { faults, cloud } = service;
  const broken = new Set<string>();
  cloud.lifecycle.subscribe(({ id, imageID }, state) => {
    if (state === 'pending' && broken.has(imageID)) agents.controls.hold(id, true);
  });

  function ec2(rule: FaultRule, name?: string): () => void {
    note(`EC2 from now on: ${JSON.stringify(rule)} ${name ?? ''}`);
    const match = { ...rule.match, ...(name !== undefined && { [`tag:${TAG.name}`]: name }) };
    const id = faults.add({ ...rule, match });
    return () => faults.remove(id);
  }

  const ways: Record<Support, () => () => Promise<void> | void> = {
    database() {
      store.away(true);
      return () => store.away(false);
    },
    gateway() {
      gateway.kill();
      return () => time.during(gateway.start());
    },
    cloud() {
      const fault = { kind: 'lostRequest', how: 'reset' } as const;
      const lifts = [true, false].map((dryRun) => ec2({ action: '*', fault, dryRun, times: FOREVER }));
      return () => {
        for (const lift of lifts) lift();
      };
    },
    cluster() {
      const added = OURS.map((userAgent) =>
        api.faults.add({ match: { userAgent }, effect: { kind: 'disconnect' } }),
      );
      for (const userAgent of OURS) api.faults.closeWatches({ userAgent });
      return () => {
        for (const it of added) it.remove();
      };
    },
  };
  const target = (name: string) => (/^i-|^\*$|\//.test(name) ? name : `${NAMESPACE}/${name}`);

  return {
    ec2,
    cut(support) {
      note(`${support} is away`);
      const back = ways[support]();
      return async () => {
        note(`${support} is back`);
        await back();
      };
    },
    refuse(name, code, { times = FOREVER, dryRun = false, message } = {}) {
      const fault = { kind: 'error', code, ...(message !== undefined && { message }) } as const;
      return ec2({ action: 'RunInstances', fault, times, dryRun }, name === '*' ? undefined : name);
    },
    apiServer(fault) {
      note(`API server from now on: ${JSON.stringify(fault)}`);
      const { id, remove } = api.faults.add({ ...fault, match: { userAgent: 'operator', ...fault.match } });
      return {
        lift: () => void remove(),
        hits: () => api.faults.active().find((it) => it.id === id)?.hits ?? 0,
      };
    },
    quota(quota) {
      note(`the account’s quota is ${JSON.stringify(quota)}`);
      Object.assign(cloud.account.quota, quota);
    },
    releaseImage(options = {}) {
      const { images, ssmParameters } = cloud.account;
      const [first] = images;
      if (!first) throw new Error('the account has no image');
      const id = `ami-${cloud.hex()}`;
      images.push({ ...first, id, name: `workspace-${images.length}` });
      ssmParameters['/workspaces/images/x86_64'] = id;
      if (options.broken) broken.add(id);
      note(`image ${id} is released${options.broken ? ', and its agents never heartbeat' : ''}`);
      return id;
    },
    silence(name, on) {
      note(`the agent of ${name} ${on ? 'falls silent' : 'speaks again'}`);
      agents.controls.silence(target(name), on);
    },
    hold(name, on) {
      note(`agents of ${name} ${on ? 'don’t start' : 'start again'}`);
      agents.controls.hold(target(name), on);
    },
  };
}
