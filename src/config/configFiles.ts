import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { isoOf } from '../controller/lib/time.ts';
import { createIdentityVerifier } from '../gateway/access/identityDocument.ts';
import { ConfigError } from './commandLine.ts';
import type { Config } from './config.ts';
import { settingAt } from './settings.ts';

/** The files that settings name, read; PEM as text. */
export interface ConfigFiles {
  readonly tls: { cert: string; key: string } | undefined;
  /** The bundle with which instances check the gateway's certificate; undefined for the system's own. */
  readonly caBundle: string | undefined;
  /** One PEM each. */
  readonly identityCertificates: readonly string[];
}

export type FileKind = keyof ConfigFiles;
export const FILE_KINDS: readonly FileKind[] = ['tls', 'caBundle', 'identityCertificates'];

/** The setting that names each; of the pair that of its certificate. */
export const FILE_SETTINGS: Readonly<Record<FileKind, string>> = {
  tls: 'gateway.tlsCertFile',
  caBundle: 'gateway.caFile',
  identityCertificates: 'gateway.identityCertificatesFile',
};

type Settings = Pick<Config, 'gateway'>;
type Readers = { [Kind in FileKind]: (settings: Settings, nowMs: number) => Promise<ConfigFiles[Kind]> };

/** Each throws a ConfigError that names the setting, the path and the fault, never content. */
export const FILE_READERS: Readers = {
  async tls({ gateway }, nowMs) {
    const [cert, key] = await Promise.all([
      readPem('gateway.tlsCertFile', gateway.tlsCertFile, 'CERTIFICATE'),
      readPem('gateway.tlsKeyFile', gateway.tlsKeyFile, '(?:\\w+ )?PRIVATE KEY'),
    ]);
    if (!cert || !key) return undefined;
    const pair = { cert: cert.text, key: key.text };
    checked('tls', 'is no certificate that the key of --gateway-tls-key-file belongs to', () =>
      createSecureContext(pair),
    );
    if (notAfterMs(pair.cert) <= nowMs)
      throw fault('tls', `holds a certificate that expired at ${isoOf(notAfterMs(pair.cert))}`);
    return Object.freeze(pair);
  },
  async caBundle({ gateway }) {
    const bundle = await readPem(FILE_SETTINGS.caBundle, gateway.caFile, 'CERTIFICATE');
    checked('caBundle', 'holds a block that is no certificate', () =>
      bundle?.blocks.map((block) => new X509Certificate(block)),
    );
    // As user data ends it: instances name a bundle by the digest of its file.
    return bundle && (bundle.text.endsWith('\n') ? bundle.text : `${bundle.text}\n`);
  },
  async identityCertificates({ gateway }) {
    const setting = FILE_SETTINGS.identityCertificates;
    const bundle = await readPem(setting, gateway.identityCertificatesFile, 'CERTIFICATE');
    if (!bundle) return [];
    checked('identityCertificates', 'holds a block that is no certificate with an RSA key', () =>
      createIdentityVerifier(bundle.blocks),
    );
    return Object.freeze([...bundle.blocks]);
  },
};

/** When the first certificate of a chain expires, wall ms. */
export function notAfterMs(chain: string): number {
  return Date.parse(new X509Certificate(chain).validTo);
}

function checked(kind: FileKind, what: string, check: () => unknown): void {
  try {
    check();
  } catch (cause) {
    throw fault(kind, what, cause);
  }
}

function fault(kind: FileKind, what: string, cause?: unknown): ConfigError {
  const { flag, env } = settingAt(FILE_SETTINGS[kind]);
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new ConfigError(`${flag} (${env}): the file ${what}${code}; replace it`);
}

async function readPem(setting: string, path: string | undefined, label: string) {
  if (path === undefined) return undefined;
  const { flag, env } = settingAt(setting);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new ConfigError(
      `${flag} (${env}): ${path} can't be read (${code}); give the path of a readable PEM file`,
    );
  }
  const blocks = text.match(new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----`, 'g'));
  if (!blocks) {
    const what = label === 'CERTIFICATE' ? 'certificate' : 'private key';
    throw new ConfigError(`${flag} (${env}): ${path} holds no PEM ${what}; put one into it`);
  }
  return { text, blocks };
}
