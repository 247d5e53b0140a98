import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import type { KubeClient, KubeObject, Resource } from '../../controller/client/client.ts';

const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', namespaced: true };

const stored = z.object({ data: z.object({ release: z.string() }) });
const release = z.looseObject({
  info: z.looseObject({ status: z.string(), deleted: z.unknown().optional() }),
});

/**
 * Makes a release deployed again after a refused uninstall: Helm 3 and 4 record `uninstalling` before the first hook, and
 * upgrade nothing afterwards ("has no deployed releases"). The Secret holds base64 of gzip of JSON, and Helm finds a
 * release by the label `status` (Helm, pkg/storage/driver). It is looked for, not named: a release that was rolled back
 * has the hooks of the revision that it went back to. Resolves to whether there was something to restore.
 */
export async function restoreRelease(
  kube: Pick<KubeClient, 'list' | 'mergePatch'>,
  { namespace, release: name, description }: { namespace: string; release: string; description: string },
): Promise<boolean> {
  const labelSelector = `owner=helm,name=${name},status=uninstalling`;
  const { items } = await kube.list<KubeObject>(SECRETS, { namespace, labelSelector });
  for (const secret of items) {
    const text = Buffer.from(stored.parse(secret).data.release, 'base64').toString('latin1');
    const record = release.parse(JSON.parse(gunzipSync(Buffer.from(text, 'base64')).toString('utf8')));
    const { deleted: _, ...info } = record.info;
    const restored = { ...record, info: { ...info, status: 'deployed', description } };
    const packed = gzipSync(JSON.stringify(restored)).toString('base64');
    await kube.mergePatch(
      SECRETS,
      { name: secret.metadata.name, namespace },
      {
        metadata: { resourceVersion: secret.metadata.resourceVersion, labels: { status: 'deployed' } },
        data: { release: Buffer.from(packed, 'latin1').toString('base64') },
      },
    );
  }
  return items.length > 0;
}
