import { z } from 'zod';
import type { SecretData } from '../../../api/environment/environment.ts';
import { refuseType } from '../../../api/environment/secretTypes.ts';
import type { KubeClient, Resource } from '../../../controller/client/client.ts';
import { isNotFound } from '../../../controller/client/errors.ts';

const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', namespaced: true };
const base64 = z.base64();
// z.record drops the key __proto__, which is a legal key of a Secret.
const secretBody = z.object({
  type: z.string().optional(),
  data: z
    .custom<object>((data) => typeof data === 'object' && !Array.isArray(data))
    .nullish()
    .transform((data) =>
      Object.entries(data ?? {}).map(([key, value]) => [key, base64.parse(value)] as const),
    ),
});

/**
 * A Secret's content, read from the API server; undefined when there is none.
 * @throws SecretRefused for one that holds a credential of the cluster; rejects when the API server can't be asked
 */
export async function readSecret(
  kube: Pick<KubeClient, 'get'>,
  namespace: string,
  name: string,
): Promise<SecretData | undefined> {
  try {
    const { data, type } = secretBody.parse(await kube.get(SECRETS, name, namespace));
    refuseType(name, type);
    return new Map(data.map(([key, value]) => [key, Buffer.from(value, 'base64')]));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
