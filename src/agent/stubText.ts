import { createHash } from 'node:crypto';

export interface StubInput {
  gatewayURL: string;
  /** PEM; what the gateway's certificate is checked with. Without it, what the image trusts. */
  caBundle?: string;
  ticket: string;
  uid: string;
  number: number;
  /** SHA-256 of the agent that is run, in hex; stub 1 runs any agent that the gateway serves. */
  agentDigest?: string;
  /** The class's userData. */
  classScript?: string;
}

// Frozen with the boot stubs that it is part of.

export const CLASS_SCRIPT = `if [ ! -e "$state/class-script-done" ]; then
  : >"$state/class-script-done"
  case $(head -c 2 "$lib/class-script") in
    '#!') chmod 0700 "$lib/class-script" && "$lib/class-script" ;;
    *) sh "$lib/class-script" ;;
  esac
fi`;

export const WAIT = `if [ -n "$agent" ]; then wait "$agent"; fi
`;

/** What the agent reads as its settings. */
export function configOf({ gatewayURL, ticket, uid, number }: StubInput): string {
  return [
    `WORKSPACE_GATEWAY=${quote(gatewayURL.replace(/\/+$/, ''))}`,
    `WORKSPACE_UID=${quote(uid)}`,
    `WORKSPACE_NUMBER=${number}`,
    `WORKSPACE_TICKET=${quote(ticket)}`,
  ].join('\n');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Writes the content to the file. Ends with a word made from the content, which therefore can't hold it. */
export function hereDocument(file: string, content: string): string {
  const text = content.endsWith('\n') ? content : `${content}\n`;
  const end = `END_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
  return `cat >${file} <<'${end}'\n${text}${end}`;
}
