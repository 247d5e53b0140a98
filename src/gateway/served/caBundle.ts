import { createHash, X509Certificate } from 'node:crypto';

/** The certificates with which instances check the gateway's certificate. */
export interface CaBundle {
  /** PEM. */
  text: string;
  /** SHA-256 of it, in hex. */
  digest: string;
}

export function caBundleOf(text: string | undefined): CaBundle | undefined {
  return text === undefined ? undefined : { text, digest: createHash('sha256').update(text).digest('hex') };
}

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Whether a client that trusts the bundle alone takes the chain, whose first certificate is the server's. Dates and names aside. */
export function trusts(bundle: string, chain: string): boolean {
  const anchors = certificatesIn(bundle);
  const [leaf, ...between] = certificatesIn(chain);
  const left = new Set(between);
  let present = leaf;
  while (present) {
    const subject: X509Certificate = present;
    if (anchors.some((it) => it.fingerprint256 === subject.fingerprint256 || issued(it, subject)))
      return true;
    present = [...left].find((it) => issued(it, subject));
    if (present) left.delete(present);
  }
  return false;
}

function issued(issuer: X509Certificate, subject: X509Certificate): boolean {
  return subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}

/** Skips blocks that are no certificates. */
function certificatesIn(pem: string): X509Certificate[] {
  return (pem.match(BLOCK) ?? []).flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}
