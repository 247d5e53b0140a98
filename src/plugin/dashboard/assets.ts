import { readdir, readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';

/** A file of the page. */
export interface Asset {
  type: string;
  text: string;
}

const FOLDER = join(import.meta.dirname, 'page');
const TYPES = {
  'index.html': 'text/html; charset=utf-8',
  'style.css': 'text/css; charset=utf-8',
} as const;
/** Browsers take a module by its type, not by its name. */
const MODULE = 'text/javascript; charset=utf-8';

/** The page as it is served: its modules without types. dev/plugin.ts puts what this returns into the one file of the plugin. */
export async function readAssets(): Promise<Record<string, Asset>> {
  const assets: Record<string, Asset> = {};
  for (const [name, type] of Object.entries(TYPES))
    assets[name] = { type, text: await readFile(join(FOLDER, name), 'utf8') };
  for (const name of (await readdir(FOLDER)).filter((name) => name.endsWith('.ts')))
    assets[name] = { type: MODULE, text: stripTypeScriptTypes(await readFile(join(FOLDER, name), 'utf8')) };
  return assets;
}
