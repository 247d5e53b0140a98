import { OPERATOR_NAMESPACE } from '../../../../dev/stack/install.ts';
import type { NodeScene } from '../scene.ts';

export const PARTS = ['controller', 'gateway'] as const;
export type Part = (typeof PARTS)[number];

export interface PodOfPart {
  name: string;
  address: string;
}

/** A pod of a part, and one that stays: `kubectl exec deploy/…` may choose another one each time. */
export async function podOf({ kubectl }: NodeScene, part: Part): Promise<PodOfPart> {
  const those = ['-l', `app.kubernetes.io/component=${part}`, '-n', OPERATOR_NAMESPACE, '-o', 'json'];
  const { items } = JSON.parse(await kubectl.ok('get', 'pods', ...those)) as {
    items: { metadata: { name: string; deletionTimestamp?: string }; status: { podIP: string } }[];
  };
  const [pod] = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (pod === undefined) throw new Error(`there is no pod of the ${part}`);
  return { name: pod.metadata.name, address: pod.status.podIP };
}

/** How kubectl runs a program of Node inside a pod of the operator's. */
export function execIn(pod: PodOfPart, program: string): string[] {
  return ['exec', '-n', OPERATOR_NAMESPACE, pod.name, '--', 'node', '-e', program];
}

/** What Linux says of the operator's process there. */
export async function processOf(scene: NodeScene, part: Part) {
  const program = `const read=(n)=>require('fs').readFileSync('/proc/1/'+n,'utf8');
    let write='written';try{require('fs').writeFileSync('/app/x','')}catch(e){write=e.code}
    console.log(JSON.stringify({status:read('status'),stat:read('stat'),write}))`;
  const said = JSON.parse(await scene.kubectl.ok(...execIn(await podOf(scene, part), program))) as Record<
    string,
    string
  >;
  const { status = '', stat = '', write } = said;
  const field = (name: string) => new RegExp(`^${name}:\\s*(.+)$`, 'm').exec(status)?.[1]?.trim();
  // After the name in brackets: utime and stime are fields 14 and 15 (proc(5)), in hundredths of a second.
  const [utime = 0, stime = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return {
    uid: field('Uid')?.split(/\s+/)[0],
    capabilities: field('CapEff'),
    noNewPrivileges: field('NoNewPrivs'),
    seccomp: field('Seccomp'),
    residentMiB: Number.parseInt(field('VmRSS') ?? '', 10) / 1024,
    cpuSeconds: (utime + stime) / 100,
    write,
  };
}
