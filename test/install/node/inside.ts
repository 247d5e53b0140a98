import { OPERATOR_NAMESPACE } from '../../../dev/stack/install.ts';
import type { NodeScene } from './scene.ts';

export const PARTS = ['controller', 'gateway'] as const;
export type Part = (typeof PARTS)[number];

/** How kubectl runs a program of Node inside the first pod of a part. */
export function execIn(part: Part, program: string): string[] {
  return ['exec', '-n', OPERATOR_NAMESPACE, `deploy/workspace-operator-${part}`, '--', 'node', '-e', program];
}

/** What Linux says of the operator's process there. */
export async function processOf(scene: NodeScene, part: Part) {
  const program = `const read=(n)=>require('fs').readFileSync('/proc/1/'+n,'utf8');
    let write='written';try{require('fs').writeFileSync('/app/x','')}catch(e){write=e.code}
    console.log(JSON.stringify({status:read('status'),stat:read('stat'),write}))`;
  const said = JSON.parse(await scene.kubectl.ok(...execIn(part, program))) as Record<string, string>;
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
