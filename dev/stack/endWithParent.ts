// Loaded into a child process before anything else: were its parent killed, nobody would end it.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
