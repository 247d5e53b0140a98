import 'reflect-metadata';
import { createPrivateKey, type KeyObject, sign, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { Clock } from '../../../src/controller/lib/clock.ts';
import type { InstanceRecord } from '../base/model.ts';
import type { Cloud } from './state.ts';

export interface SignedDocument {
  /** JSON, exactly the bytes that were signed. */
  document: string;
  /** RSA-SHA256 in base64, broken into lines as AWS's is. */
  signature: string;
}

/** Signs instance identity documents, as AWS does with a key of its own in each region. */
export interface IdentityAuthority {
  /** What a verifier must trust. */
  readonly certificatePEM: string;
  readonly privateKeyPEM: string;
  sign(document: string): SignedDocument;
}

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};
const DAY = 86_400_000;

export async function createIdentityAuthority(clock: Clock): Promise<IdentityAuthority> {
  const keys = await webcrypto.subtle.generateKey(RSA, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: 'CN=Embedded EC2 instance identity',
      keys,
      signingAlgorithm: RSA,
      notBefore: new Date(clock.now() - DAY),
      notAfter: new Date(clock.now() + 3650 * DAY),
    },
    webcrypto,
  );
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  return authority(certificate.toString('pem'), key);
}

/** The same authority again, from what it was stored as. */
export function restoreIdentityAuthority(stored: {
  certificatePEM: string;
  privateKeyPEM: string;
}): IdentityAuthority {
  return authority(stored.certificatePEM, createPrivateKey(stored.privateKeyPEM));
}

function authority(certificatePEM: string, key: KeyObject): IdentityAuthority {
  return {
    certificatePEM,
    privateKeyPEM: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
    sign(document) {
      const signature = sign('RSA-SHA256', Buffer.from(document), key).toString('base64');
      return { document, signature: signature.replace(/(.{76})(?=.)/g, '$1\n') };
    },
  };
}

/** The instance identity document ("Instance identity documents for Amazon EC2 instances"). */
export function identityDocument(cloud: Cloud, instance: InstanceRecord): string {
  const document = {
    accountId: cloud.account.id,
    architecture: instance.architecture,
    availabilityZone: instance.zone,
    billingProducts: null,
    devpayProductCodes: null,
    marketplaceProductCodes: null,
    imageId: instance.imageID,
    instanceId: instance.id,
    instanceType: instance.type,
    kernelId: null,
    pendingTime: `${new Date(instance.launchTime).toISOString().slice(0, 19)}Z`,
    privateIp: instance.privateIP,
    ramdiskId: null,
    region: cloud.region,
    version: '2017-09-30',
  };
  return JSON.stringify(document, null, 2);
}
