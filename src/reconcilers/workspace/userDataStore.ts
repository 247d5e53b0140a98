import { createHash } from 'node:crypto';
import { z } from 'zod';
import { renderUserData } from '../../agent/userData.ts';
import type { KubeClient, Resource } from '../../controller/client.ts';
import { isAlreadyExists } from '../../controller/errors.ts';
import { createTicket } from '../../gateway/credentials.ts';
import type { KeyRing } from '../../gateway/keys.ts';
import type { WorkspaceDeps } from './deps.ts';

const CONFIG_MAPS: Resource = { group: '', version: 'v1', plural: 'configmaps', namespaced: true };
const body = z.object({ data: z.object({ content: z.string() }) });

export interface UserDataStoreOptions {
  kube: Pick<KubeClient, 'get' | 'create'>;
  /** The operator's own namespace. */
  namespace: string;
  clusterID: string;
  keys: KeyRing;
  /** What new launches are told. */
  gatewayURL: string;
  caBundle: string | undefined;
}

type UserDataStore = Pick<WorkspaceDeps, 'userDataFor' | 'renderUserData'>;

/**
 * Keeps what user data is rendered from by its digest, before a launch refers to it, so that a replay is byte-equal
 * after the class or the CA bundle changed, and after a restart with other settings.
 */
export function createUserDataStore(options: UserDataStoreOptions): UserDataStore {
  const { kube, namespace, clusterID, keys, gatewayURL, caBundle } = options;
  const kept = new Map<string, string>();
  const fitting = new Set<string>();

  async function keep(content: string): Promise<string> {
    const digest = digestOf(content);
    if (kept.has(digest)) return digest;
    const metadata = { name: nameOf(digest), namespace, labels: { 'compute.molecule.ai/kind': 'user-data' } };
    try {
      await kube.create(
        CONFIG_MAPS,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata, immutable: true, data: { content } },
        namespace,
      );
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      await find(digest);
    }
    kept.set(digest, content);
    return digest;
  }

  async function find(digest: string): Promise<string> {
    const known = kept.get(digest);
    if (known !== undefined) return known;
    const { data } = body.parse(await kube.get(CONFIG_MAPS, nameOf(digest), namespace));
    if (digestOf(data.content) !== digest) {
      throw new Error(
        `ConfigMap ${namespace}/${nameOf(digest)} does not hold the text that its digest names; delete it, and the operator keeps the text anew`,
      );
    }
    kept.set(digest, data.content);
    return data.content;
  }

  /** Throws UserDataTooLarge now rather than when the launch is armed. All uids are as long; so is the largest number. */
  function checkSize(id: string, classScript: string | undefined, classDigest: string | undefined): void {
    const what = `${id} ${classDigest}`;
    if (fitting.has(what)) return;
    const [uid, number] = ['00000000-0000-0000-0000-000000000000', 999_999_999];
    const ticket = createTicket(keys.current('ticket'), { clusterID, uid, number });
    renderUserData({ stub: 1, gatewayURL, caBundle, ticket, uid, number, classScript });
    fitting.add(what);
  }

  return {
    async userDataFor(classScript) {
      const caDigest = caBundle === undefined ? undefined : await keep(caBundle);
      const classDigest = classScript === undefined ? undefined : await keep(classScript);
      const { id: ticketKey } = keys.current('ticket');
      checkSize(ticketKey, classScript, classDigest);
      return { stub: 1, gatewayURL, caDigest, ticketKey, classDigest };
    },

    async renderUserData({ uid, number, userData }) {
      const { caDigest, classDigest, ticketKey } = userData;
      const key = keys.get('ticket', ticketKey);
      if (!key) {
        throw new Error(
          `launch ${number} was armed with ticket key ${ticketKey}, which is gone; put it back into the operator's key Secret`,
        );
      }
      if (userData.stub !== 1)
        throw new Error(
          `launch ${number} was armed with boot stub ${userData.stub}, which this release does not have`,
        );
      return renderUserData({
        stub: userData.stub,
        gatewayURL: userData.gatewayURL,
        caBundle: caDigest === undefined ? undefined : await find(caDigest),
        ticket: createTicket({ id: ticketKey, key }, { clusterID, uid, number }),
        uid,
        number,
        classScript: classDigest === undefined ? undefined : await find(classDigest),
      });
    },
  };
}

function digestOf(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

function nameOf(digest: string): string {
  return `workspace-user-data-${digest.slice(0, 32)}`;
}
