/** What the tests use of fengari, which has no types of its own. */
declare module 'fengari' {
  interface State {
    readonly top: number;
  }
  export const lua: {
    LUA_OK: number;
    lua_close(state: State): void;
    lua_tojsstring(state: State, index: number): string | null;
  };
  export const lauxlib: {
    luaL_newstate(): State;
    luaL_dostring(state: State, code: Uint8Array): number;
  };
  export const lualib: { luaL_openlibs(state: State): void };
  export function to_luastring(text: string): Uint8Array;
}
