import { lauxlib, lua, lualib, to_luastring } from 'fengari';

/** Runs a health script as Argo CD does, with the object in `obj`; answers with the status and message that it returns. */
export function healthOf(script: string, object: unknown): { status: string; message: string } {
  const state = lauxlib.luaL_newstate();
  lualib.luaL_openlibs(state);
  try {
    const code = `obj = ${literal(object)}
local function health()
${script}
end
local found = health()
return found.status, found.message`;
    if (lauxlib.luaL_dostring(state, to_luastring(code)) !== lua.LUA_OK)
      throw new Error(lua.lua_tojsstring(state, -1) ?? 'the script failed');
    return { status: lua.lua_tojsstring(state, -2) ?? '', message: lua.lua_tojsstring(state, -1) ?? '' };
  } finally {
    lua.lua_close(state);
  }
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return 'nil';
  if (typeof value === 'string')
    return `"${value.replaceAll(/[^ -!#-[\]-~]/g, (it) => `\\${String(it.charCodeAt(0)).padStart(3, '0')}`)}"`;
  if (Array.isArray(value)) return `{${value.map(literal).join(',')}}`;
  if (typeof value === 'object')
    return `{${Object.entries(value)
      .map(([key, child]) => `[${literal(key)}]=${literal(child)}`)
      .join(',')}}`;
  return String(value);
}
