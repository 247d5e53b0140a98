import type { KubeClient, KubeObject, Resource } from '../controller/client/client.ts';
import { isApiError } from '../controller/client/errors.ts';
import { type Check, failed, passed } from './finding.ts';

const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', namespaced: false };
const CHECK = 'kubernetes';

/** Checks that the API server answers, and knows the caller. */
export function kubernetesCheck(kube: Pick<KubeClient, 'get'>): Check {
  const object = 'the API server';
  return {
    name: CHECK,
    object,
    async run() {
      try {
        const { metadata } = await kube.get<KubeObject>(NAMESPACES, 'kube-system');
        return [passed(CHECK, object, `it answers; this cluster's id is ${metadata.uid}`)];
      } catch (error) {
        const cause = error instanceof Error ? error.message : 'it does not answer';
        if (isApiError(error, 401))
          return [
            failed(
              CHECK,
              object,
              cause,
              'mount the token of the ServiceAccount, or give a kubeconfig with a user',
            ),
          ];
        // An answer all the same: the check of rights names what is missing.
        if (isApiError(error, 403)) return [passed(CHECK, object, 'it answers')];
        return [
          failed(
            CHECK,
            object,
            cause,
            'check the address in the kubeconfig, and that a NetworkPolicy lets its port out (networkPolicy.egressPorts)',
          ),
        ];
      }
    },
  };
}
