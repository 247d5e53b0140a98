import { type KeyObject, verify, X509Certificate } from 'node:crypto';
import { z } from 'zod';

/** The fields of EC2's document that are checked; others are ignored. */
const identityDocument = z.object({
  instanceId: z.string().min(1).max(64),
  accountId: z.string().max(64).optional(),
  region: z.string().max(64).optional(),
  availabilityZone: z.string().max(64).optional(),
  imageId: z.string().max(64).optional(),
  instanceType: z.string().max(64).optional(),
});
export type IdentityDocument = z.output<typeof identityDocument>;

export interface IdentityScope {
  /** AWS account, 12 digits. */
  accountID?: string | undefined;
  /** AWS region. */
  region?: string | undefined;
}

/** Verifies one document against the certificates that were trusted when it was made. */
export type IdentityVerifier = (signed: {
  document: Buffer;
  signature: string;
}) => IdentityDocument | undefined;

/**
 * Verifies EC2's instance identity documents: `/latest/dynamic/instance-identity/document`, byte for byte, and
 * `/signature`, base64 of RSA-SHA256 over it (EC2 User Guide, "Verify the instance identity document").
 * AWS publishes one certificate a region; any of the given ones will do. Their validity period is not looked at:
 * EC2 signs with certificates for as long as it publishes them.
 * Throws when a certificate can't be read.
 */
export function createIdentityVerifier(trustedCertificates: readonly string[]): IdentityVerifier {
  const keys = trustedCertificates.flatMap(splitPEM).map(publicKey);
  if (keys.length === 0) {
    throw new Error(
      'no certificate for instance identity documents is trusted, so no instance could ever prove itself: give the AWS public certificates of your regions',
    );
  }
  return ({ document, signature }) => {
    const bytes = Buffer.from(signature, 'base64');
    if (!keys.some((key) => verify('sha256', document, key, bytes))) return undefined;
    try {
      return identityDocument.safeParse(JSON.parse(document.toString('utf8'))).data;
    } catch {
      return undefined;
    }
  };
}

function splitPEM(bundle: string): string[] {
  const certificates = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (!certificates) throw new Error('a trusted certificate is not PEM: expected BEGIN CERTIFICATE');
  return certificates;
}

function publicKey(pem: string): KeyObject {
  const { publicKey: key, subject } = new X509Certificate(pem);
  if (key.asymmetricKeyType !== 'rsa') {
    throw new Error(
      `the trusted certificate of ${subject.replaceAll('\n', ', ')} holds no RSA key; /signature is RSA`,
    );
  }
  return key;
}
