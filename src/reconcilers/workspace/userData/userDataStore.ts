import { z } from 'zod';
import {
  isStub,
  needsAgentDigest,
  PRESENT_STUB,
  renderUserData,
  UserDataForgotten,
} from '../../../agent/userData.ts';
import { scriptDigest } from '../../../api/edits/meets.ts';
import type { KubeClient } from '../../../controller/client/client.ts';
import { isAlreadyExists } from '../../../controller/client/errors.ts';
import { createTicket } from '../../../gateway/access/credentials.ts';
import type { KeyRing } from '../../../gateway/access/keys.ts';
import { AGENT_LABEL, CONFIG_MAPS, nameOf, USER_DATA_LABEL } from '../../../gateway/served/keptTexts.ts';
import type { WorkspaceDeps } from '../context/deps.ts';

const body = z.object({ data: z.object({ content: z.string() }) });

/** A class has one script; a few dozen are in use at once. */
const MOST_CACHED = 64;
const MOST_CHECKED = 1_000;

export interface UserDataStoreOptions {
  kube: Pick<KubeClient, 'get' | 'create'>;
  /** The operator's own namespace. */
  namespace: string;
  clusterID: string;
  keys: KeyRing;
  /** The gateway's URL and CA bundle for new launches. */
  gatewayURL: string;
  caBundle(): string | undefined;
  /** The agent of this release, which new launches run. */
  agentScript: string;
}

export interface UserDataStore extends Pick<WorkspaceDeps, 'userDataFor' | 'renderUserData'> {
  /** The ConfigMaps that new launches of a class with this script would refer to. */
  namesFor(classScript: string | undefined): string[];
  /** Runs `removal` of a ConfigMap that nothing refers to. A caller that keeps the same text meanwhile waits for its end, and writes it again. */
  remove(name: string, removal: () => Promise<void>): Promise<void>;
  /** The ConfigMaps that this process knows to be there. */
  kept(): Iterable<string>;
  /** Another leader in between may have removed texts that this process kept. */
  trustNothing(): void;
}

/**
 * Keeps what user data is rendered from by its digest, before a launch refers to it, so that a replay is byte-equal
 * after the class or the CA bundle changed, and after a restart with other settings.
 */
export function createUserDataStore(options: UserDataStoreOptions): UserDataStore {
  const { kube, namespace, clusterID, keys, gatewayURL, agentScript } = options;
  /** The texts that were used last, by digest; any other is read again from its ConfigMap. */
  const contents = new Map<string, string>();
  const present = new Set<string>();
  const removals = new Map<string, Promise<void>>();
  const fitting = new Set<string>();
  /** Digests of present texts, which each pass asks for. */
  const digests = new Map<string, string>();

  function digestOf(content: string): string {
    const known = digests.get(content);
    if (known !== undefined) return known;
    const digest = scriptDigest(content);
    if (digests.size >= MOST_CACHED) digests.clear();
    digests.set(content, digest);
    return digest;
  }

  async function keep(content: string, labels = USER_DATA_LABEL): Promise<string> {
    const digest = digestOf(content);
    const name = nameOf(digest);
    await removals.get(name)?.catch(() => undefined);
    if (present.has(name)) return digest;
    const metadata = { name, namespace, labels };
    try {
      await kube.create(
        CONFIG_MAPS,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata, immutable: true, data: { content } },
        namespace,
      );
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      await read(digest);
    }
    cache(digest, content);
    present.add(name);
    return digest;
  }

  function cache(digest: string, content: string): void {
    contents.delete(digest);
    contents.set(digest, content);
    const [oldest] = contents.keys();
    if (contents.size > MOST_CACHED && oldest !== undefined) contents.delete(oldest);
  }

  async function find(digest: string): Promise<string> {
    const known = contents.get(digest);
    if (known === undefined) return read(digest);
    cache(digest, known);
    return known;
  }

  async function read(digest: string): Promise<string> {
    const { data } = body.parse(await kube.get(CONFIG_MAPS, nameOf(digest), namespace));
    if (scriptDigest(data.content) !== digest) {
      throw new Error(
        `ConfigMap ${namespace}/${nameOf(digest)} does not hold the text that its digest names; delete it, and the operator keeps the text again`,
      );
    }
    cache(digest, data.content);
    return data.content;
  }

  /** Throws UserDataTooLarge now rather than when the launch is armed. All uids are as long; so is the largest number. */
  function checkSize(
    id: string,
    caBundle: string | undefined,
    classScript: string | undefined,
    digests: readonly (string | undefined)[],
  ): void {
    const what = [id, ...digests].join(' ');
    if (fitting.has(what)) return;
    const [uid, number] = ['00000000-0000-0000-0000-000000000000', 999_999_999];
    const ticket = createTicket(keys.current('ticket'), { clusterID, uid, number });
    const agentDigest = digestOf(agentScript);
    renderUserData({
      stub: PRESENT_STUB,
      gatewayURL,
      caBundle,
      agentDigest,
      ticket,
      uid,
      number,
      classScript,
    });
    // Each edit of a class adds one; to check a text again costs little.
    if (fitting.size >= MOST_CHECKED) fitting.clear();
    fitting.add(what);
  }

  return {
    async userDataFor(classScript) {
      const caBundle = options.caBundle();
      const caDigest = caBundle === undefined ? undefined : await keep(caBundle);
      const classDigest = classScript === undefined ? undefined : await keep(classScript);
      const agentDigest = await keep(agentScript, AGENT_LABEL);
      const { id: ticketKey } = keys.current('ticket');
      checkSize(ticketKey, caBundle, classScript, [caDigest, classDigest]);
      return { stub: PRESENT_STUB, gatewayURL, caDigest, ticketKey, classDigest, agentDigest };
    },

    async renderUserData({ uid, number, userData }) {
      const { caDigest, classDigest, agentDigest, ticketKey } = userData;
      const key = keys.get('ticket', ticketKey);
      if (!key) {
        throw new Error(
          `launch ${number} was armed with ticket key ${ticketKey}, which is gone; put it back into the operator's key Secret`,
        );
      }
      const { stub } = userData;
      if (!isStub(stub))
        throw new Error(
          `launch ${number} was armed with boot stub ${stub}, which this release does not have; start the release that armed it, or one after it`,
        );
      if (needsAgentDigest(stub) && agentDigest === undefined)
        throw new UserDataForgotten(
          `launch ${number} names no agent any more: another release wrote its status; what became of it is looked up`,
        );
      return renderUserData({
        stub,
        gatewayURL: userData.gatewayURL,
        caBundle: caDigest === undefined ? undefined : await find(caDigest),
        ticket: createTicket({ id: ticketKey, key }, { clusterID, uid, number }),
        uid,
        number,
        agentDigest,
        classScript: classDigest === undefined ? undefined : await find(classDigest),
      });
    },

    namesFor: (classScript) =>
      [options.caBundle(), classScript, agentScript].flatMap((content) =>
        content === undefined ? [] : [nameOf(digestOf(content))],
      ),

    async remove(name, removal) {
      present.delete(name);
      const running = removal().finally(() => removals.delete(name));
      removals.set(name, running);
      await running;
    },

    kept: () => present,
    trustNothing: () => present.clear(),
  };
}
