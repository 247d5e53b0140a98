import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { Clock } from '../controller/lib/clock.ts';
import { isoOf } from '../controller/lib/time.ts';
import { type Check, failed, passed } from './finding.ts';

const CHECK = 'gateway';
/** A certificate that expires sooner is near its end: cert-manager renews at a third, 30 of 90 days. */
export const NEAR_END_DAYS = 14;
const DAY_MS = 86_400_000;

/** Whole days until then, below 0 when it has passed. */
export function daysUntil(endsMs: number, clock: Clock): number {
  return Math.floor((endsMs - clock.now()) / DAY_MS);
}

export interface GatewayCheckOptions {
  /** Where instances find the gateway. */
  url: string;
  /** host:port to connect to, such as its Service's; default the URL's. */
  connectTo?: string | undefined;
  /** PEM of the CAs that instances trust; undefined: Node's own. */
  caBundle: string | undefined;
  timeoutMs: number;
  clock: Clock;
}

/** The gateway answers, and shows a certificate that instances take: of their CA, for the URL's host, and not near its end. */
export function gatewayCheck(options: GatewayCheckOptions): Check {
  const { url, connectTo, caBundle, timeoutMs, clock } = options;
  const { hostname, port, protocol } = new URL(url);
  const target = connectTo ?? `${hostname}:${port || 443}`;
  const object = `the gateway at ${target}`;
  return {
    name: CHECK,
    object,
    async run() {
      if (protocol !== 'https:')
        return [failed(CHECK, object, `${url} is not https`, 'set an https:// URL (gateway.url)')];
      let socket: TLSSocket;
      try {
        socket = await shakeHands();
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
        return [
          failed(
            CHECK,
            object,
            `no TLS connection (${code})`,
            'check that gateways are ready and their Service has endpoints, and what NetworkPolicies let through',
          ),
        ];
      }
      try {
        return [judge(socket)];
      } finally {
        socket.destroy();
      }
    },
  };

  function shakeHands(): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const at = new URL(`https://${target}`);
      const socket = connect({
        host: at.hostname.replace(/^\[(.+)\]$/, '$1'),
        port: Number(at.port || 443),
        // No server name indication of an address (RFC 6066, section 3).
        ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
        // Faults of the certificate are reported below; and it is for the URL's host, not for this address.
        rejectUnauthorized: false,
        checkServerIdentity: () => undefined,
        ...(caBundle === undefined ? {} : { ca: caBundle }),
      });
      socket.setTimeout(timeoutMs, () => socket.destroy(Object.assign(new Error(), { code: 'TIMEOUT' })));
      socket.once('secureConnect', () => resolve(socket));
      socket.once('error', reject);
    });
  }

  function judge(socket: TLSSocket) {
    const shown = socket.getPeerX509Certificate();
    if (!shown) return failed(CHECK, object, 'it shows no certificate', 'set gateway.tls.existingSecret');
    const certificate = new X509Certificate(shown.raw);
    const endsMs = Date.parse(certificate.validTo);
    const days = daysUntil(endsMs, clock);
    const names = certificate.subjectAltName ?? certificate.subject;
    if (endsMs <= clock.now())
      return failed(
        CHECK,
        object,
        `its certificate expired at ${isoOf(endsMs)}`,
        'renew it in gateway.tls.existingSecret',
      );
    const isFor = isIP(hostname) === 0 ? certificate.checkHost(hostname) : certificate.checkIP(hostname);
    if (isFor === undefined)
      return failed(
        CHECK,
        object,
        `its certificate is for ${names}, not for ${hostname}`,
        'make one for the host name of gateway.url, and put it into gateway.tls.existingSecret',
      );
    if (!socket.authorized)
      return failed(
        CHECK,
        object,
        `instances would not trust its certificate (${String(socket.authorizationError)})`,
        'put its CA into gateway.ca.existingConfigMap, and intermediate certificates into the chain in tls.crt',
      );
    if (days < NEAR_END_DAYS)
      return failed(
        CHECK,
        object,
        `its certificate expires in ${days} days, at ${isoOf(endsMs)}`,
        'renew it in gateway.tls.existingSecret, and see why nothing renewed it',
      );
    return passed(CHECK, object, `its certificate for ${hostname} is good for ${days} days`);
  }
}
