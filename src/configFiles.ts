import { readFile } from 'node:fs/promises';
import { ConfigError } from './commandLine.ts';
import type { Config } from './config.ts';
import { settingAt } from './settings.ts';

/** The files that settings name, read; PEM as text. */
export interface ConfigFiles {
  tls: { cert: string; key: string } | undefined;
  /** What instances check the gateway's certificate with; undefined for the system's own. */
  caBundle: string | undefined;
  /** One PEM each. */
  identityCertificates: readonly string[];
}

/** @throws ConfigError that names the setting, the path and the fault, never content */
export async function readConfigFiles({ gateway }: Config): Promise<ConfigFiles> {
  const [cert, key, caBundle, identity] = await Promise.all([
    readPem('gateway.tlsCertFile', gateway.tlsCertFile, 'CERTIFICATE'),
    readPem('gateway.tlsKeyFile', gateway.tlsKeyFile, '(?:\\w+ )?PRIVATE KEY'),
    readPem('gateway.caFile', gateway.caFile, 'CERTIFICATE'),
    readPem('gateway.identityCertificatesFile', gateway.identityCertificatesFile, 'CERTIFICATE'),
  ]);
  return Object.freeze({
    tls: cert && key ? Object.freeze({ cert: cert.text, key: key.text }) : undefined,
    caBundle: caBundle?.text,
    identityCertificates: Object.freeze(identity?.blocks ?? []),
  });
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
