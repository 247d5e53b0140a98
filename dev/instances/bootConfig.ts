/** The settings that the boot stub in an instance's user data gives the agent. */
export interface BootConfig {
  gatewayURL: string;
  uid: string;
  number: number;
  ticket: string;
  caBundle?: string;
}

const FILE = /^cat >"\$etc\/(config|ca\.pem)" <<'(END_[0-9a-f]+)'\n([\s\S]*?)\n\2$/gm;
const SETTING = /^(WORKSPACE_[A-Z]+)=(?:'((?:[^']|'\\'')*)'|([0-9]+))$/gm;

/**
 * Reads from the user data the files that the stub (src/agent/stub1.ts) would write, without executing any of it.
 * @throws Error naming what is missing, for user data that isn't the operator's.
 */
export function parseBootConfig(userData: string): BootConfig {
  const files = new Map([...userData.matchAll(FILE)].map(([, name, , content]) => [name, content ?? '']));
  const settings = new Map(
    [...(files.get('config') ?? '').matchAll(SETTING)].map(([, name, quoted, plain]) => [
      name,
      plain ?? (quoted ?? '').replaceAll("'\\''", "'"),
    ]),
  );
  const need = (name: string) => {
    const value = settings.get(name);
    if (value === undefined)
      throw new Error(`the user data sets no ${name}: it is not of the operator's boot stub`);
    return value;
  };
  const caBundle = files.get('ca.pem');
  return {
    gatewayURL: need('WORKSPACE_GATEWAY'),
    uid: need('WORKSPACE_UID'),
    number: Number(need('WORKSPACE_NUMBER')),
    ticket: need('WORKSPACE_TICKET'),
    ...(caBundle !== undefined && { caBundle }),
  };
}
