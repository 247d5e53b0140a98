import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createServerCertificate } from '../../dev/apiserver/transport/certificates.ts';

export interface Identity {
  caPEM: string;
  /** Of an administrator. */
  token: string;
  /** For the servers on 127.0.0.1. */
  servingFlags: Record<string, string>;
  /** The API server's: whose tokens it takes. */
  trustFlags: Record<string, string>;
}

/** Writes what servers and clients know one another by, and answers with the flags that name it. */
export async function writeIdentity(folder: string): Promise<Identity> {
  const { caPEM, certPEM, keyPEM } = await createServerCertificate();
  const serviceAccountKey = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const token = randomBytes(24).toString('base64url');
  const write = async (name: string, content: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, content, { mode: 0o600 });
    return path;
  };
  return {
    caPEM,
    token,
    servingFlags: {
      'tls-cert-file': await write('server.pem', certPEM),
      'tls-private-key-file': await write('server-key.pem', keyPEM),
    },
    trustFlags: {
      'service-account-key-file': await write('service-account.pem', serviceAccountKey.publicKey),
      'service-account-signing-key-file': await write(
        'service-account-key.pem',
        serviceAccountKey.privateKey,
      ),
      'token-auth-file': await write('tokens.csv', `${token},administrator,administrator,system:masters\n`),
    },
  };
}
