import { settingAt } from '../config/settings.ts';

/** @param setting which port it is, by its path @throws naming the setting, when the address can't be listened on */
export async function listening<T>(setting: string, started: Promise<T>): Promise<T> {
  try {
    return await started;
  } catch (error) {
    const fault = error instanceof Error && 'code' in error ? FAULTS.get(String(error.code)) : undefined;
    if (fault === undefined) throw error;
    const { flag, env } = settingAt(setting);
    throw new Error(`${flag} (${env}): ${fault} (${(error as Error).message})`, { cause: error });
  }
}

const FAULTS: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'another process listens there; end it, or give another port'],
  ['EACCES', 'ports below 1024 need rights that this process lacks; give another port'],
  ['EADDRNOTAVAIL', 'this machine does not have that address; give another host'],
]);
