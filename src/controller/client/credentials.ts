import type { RequestOptions } from 'node:https';
import type { Clock } from '../lib/clock.ts';
import type { KubeConfig } from './kubeConfig.ts';

/** How to reach and convince one API server at this moment. */
export interface Credentials {
  /** Scheme, host and port. */
  origin: string;
  /** The prefix of every path, without a trailing slash; mostly ''. */
  basePath: string;
  /** Authorization and impersonation; a secret. */
  headers: Readonly<Record<string, string>>;
  tls: Readonly<TlsMaterial>;
  proxyURL?: string;
  /** Differs when `tls`, server or proxy do: connections made under another one are not to be used. */
  connectionKey: string;
  /** When the kubeconfig was loaded and its plugins began again, in monotonic ms. */
  loadedAt: number;
}

interface TlsMaterial {
  ca?: string;
  cert?: string;
  key?: string;
  servername?: string;
  rejectUnauthorized?: boolean;
}

export interface CredentialsOptions {
  clock: Clock;
  /** Reads the configuration again; called at the start and after a 401. */
  load: () => KubeConfig | Promise<KubeConfig>;
  /** How long what was read is used without a look at the token's and certificates' files, ms. */
  refreshMs: number;
}

export interface CredentialsSource {
  /** Rejects when there is no cluster, a file can't be read, or a plugin fails. */
  current(): Promise<Credentials>;
  /** The server refused these: the next `current` reads everything again, exec plugins and the kubeconfig included. */
  invalidate(): void;
}

export function createCredentials({ clock, load, refreshMs }: CredentialsOptions): CredentialsSource {
  let loaded: { config: KubeConfig; at: number } | undefined;
  let read: Promise<Credentials> | undefined;
  let readAt = Number.NEGATIVE_INFINITY;

  async function readNow(): Promise<Credentials> {
    const { config, at } = loaded ?? { at: clock.monotonic(), config: await load() };
    loaded = { config, at };
    return readCredentials(config, at);
  }

  return {
    current() {
      if (read && clock.monotonic() - readAt < refreshMs) return read;
      readAt = clock.monotonic();
      const reading = readNow();
      read = reading;
      // Only the present callers get a failure; the next caller tries again.
      reading.catch(() => {
        if (read === reading) read = undefined;
      });
      return reading;
    },
    invalidate() {
      loaded = undefined;
      read = undefined;
    },
  };
}

/** Why credentials could not be had, without what a parser quotes of them: its messages show the text around a mistake. */
export function credentialProblem(error: unknown): string {
  if (!(error instanceof Error)) return 'the kubeconfig or its credentials could not be read';
  if (error.name === 'YAMLException') return 'the kubeconfig is not valid YAML';
  if (error instanceof SyntaxError) return 'what the credential plugin printed is not JSON';
  if (error instanceof TypeError)
    return 'the kubeconfig, or what its credential plugin printed, lacks a part';
  return error.message;
}

async function readCredentials(config: KubeConfig, loadedAt: number): Promise<Credentials> {
  const cluster = config.getCurrentCluster();
  if (!cluster) {
    throw new Error(
      `the kubeconfig's current context "${config.getCurrentContext()}" names no cluster: set KUBECONFIG, or run in a pod`,
    );
  }
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {}))
    headers[name.toLowerCase()] = String(value);
  if (options.auth) headers.authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  const url = new URL(cluster.server);
  const tls: TlsMaterial = {
    ca: text(options.ca),
    cert: text(options.cert),
    key: text(options.key),
    servername: options.servername,
    rejectUnauthorized: options.rejectUnauthorized,
  };
  return Object.freeze({
    origin: url.origin,
    basePath: url.pathname.replace(/\/+$/, ''),
    headers,
    tls,
    proxyURL: cluster.proxyUrl,
    connectionKey: JSON.stringify([url.origin, cluster.proxyUrl, tls]),
    loadedAt,
  });
}

function text(material: unknown): string | undefined {
  if (typeof material === 'string') return material;
  return Buffer.isBuffer(material) ? material.toString('utf8') : undefined;
}
