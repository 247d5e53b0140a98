import { type Env, findGoProgram, type GoProgram, goProgram } from './goProgram.ts';
import { kubernetesProgram, kubernetesVersion } from './kubernetes.ts';

/** Paths of the programs that a control plane consists of. */
export interface ControlPlane {
  /** Of Kubernetes, such as v1.35.4. */
  version: string;
  etcd: string;
  apiserver: string;
  controllerManager: string;
  kubectl: string;
}

// In this order: they share most of what is compiled.
function programsOf(version: string): Record<Exclude<keyof ControlPlane, 'version'>, GoProgram> {
  return {
    apiserver: kubernetesProgram('kube-apiserver', version),
    etcd: kubernetesProgram('etcd', version, 'envtest', 'go.etcd.io/etcd/server/v3'),
    controllerManager: kubernetesProgram('kube-controller-manager', version),
    kubectl: kubernetesProgram('kubectl', version),
  };
}

/**
 * Finds each program in KUBEBUILDER_ASSETS or in the user's cache, or builds it with Go. (Archives made for
 * KUBEBUILDER_ASSETS hold no controller manager, so that one is mostly built.)
 */
export async function controlPlane(
  log: (line: string) => void,
  env: Env = process.env,
): Promise<ControlPlane> {
  const version = await kubernetesVersion();
  const { apiserver, etcd, controllerManager, kubectl } = programsOf(version);
  return {
    version,
    apiserver: await goProgram(apiserver, log, env),
    etcd: await goProgram(etcd, log, env),
    controllerManager: await goProgram(controllerManager, log, env),
    kubectl: await goProgram(kubectl, log, env),
  };
}

/** Names of those that would have to be built. */
export async function missingPrograms(env: Env = process.env): Promise<string[]> {
  const programs = Object.values(programsOf(await kubernetesVersion()));
  const paths = await Promise.all(programs.map((program) => findGoProgram(program, env)));
  return programs.filter((_, index) => paths[index] === undefined).map(({ name }) => name);
}

/** The kubectl that KUBEBUILDER_ASSETS or the user's cache holds; undefined where it would have to be built. */
export async function builtKubectl(env: Env = process.env): Promise<string | undefined> {
  return findGoProgram(kubernetesProgram('kubectl', await kubernetesVersion()), env);
}
