// `npm run bench`: the runtime beside an API server; with --fleet N the whole operator over a fleet.
if (process.argv.includes('--fleet')) await import('./atScale/run.ts');
else await import('./runtime/runtime.ts');
