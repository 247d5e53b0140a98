import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type RunningProgram, startProgram } from '../../../envtest/program.ts';
import { PAUSE_IMAGE } from '../image/pause.ts';
import { run } from './place.ts';

export interface Containerd extends RunningProgram {
  socket: string;
}

/** Starts one for a node, whose pods get addresses of 10.124.NUMBER.0/24, and loads the images. */
export async function startContainerd(
  folder: string,
  number: number,
  archives: readonly string[],
): Promise<Containerd> {
  const network = join(folder, 'cni');
  const socket = `/run/containerd-${number}.sock`;
  await mkdir(network, { recursive: true });
  await writeFile(join(network, '10.conflist'), JSON.stringify(bridge(folder, number)));
  const config = join(folder, 'containerd.toml');
  await writeFile(config, configuration(folder, socket, number, network));
  const program = await startProgram({
    binary: 'containerd',
    args: ['--config', config],
    logFile: join(folder, 'containerd.log'),
    isReady: async () =>
      promisify(execFile)('ctr', ['--address', socket, 'version']).then(
        () => true,
        () => false,
      ),
  });
  for (const archive of archives)
    await run('ctr', '--address', socket, '--namespace', 'k8s.io', 'images', 'import', archive);
  return { ...program, socket };
}

function bridge(folder: string, number: number) {
  const ranges = [[{ subnet: `10.124.${number}.0/24` }]];
  const ipam = { type: 'host-local', dataDir: join(folder, 'ipam'), ranges, routes: [{ dst: '0.0.0.0/0' }] };
  const plugin = { type: 'bridge', bridge: `cni${number}`, isGateway: true, ipam };
  return { cniVersion: '0.4.0', name: `node${number}`, plugins: [plugin] };
}

// Root of a container may not lower an OOM score.
const configuration = (folder: string, socket: string, number: number, network: string) => `version = 2
root = "${folder}/containerd"
state = "/run/containerd-${number}"
[grpc]
  address = "${socket}"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "${PAUSE_IMAGE}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${network}"
`;
