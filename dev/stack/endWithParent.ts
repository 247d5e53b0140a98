import { enableCompileCache, flushCompileCache } from 'node:module';
import { COMPILE_CACHE } from './compileCache.ts';

/** Later than everything is loaded, ms. */
const FLUSH_AFTER_MS = 3_000;

// Loaded into a child process before anything else: if its parent were killed, nothing else would end it.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();

// Node writes the cache at the end, which is a SIGKILL for many of these. A checkout that can't be written to has none.
enableCompileCache(COMPILE_CACHE);
setTimeout(flushCompileCache, FLUSH_AFTER_MS).unref();
