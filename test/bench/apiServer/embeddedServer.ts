import { startApiServer } from '../../../dev/apiserver/server.ts';
import { systemClock as clock } from '../../../src/controller/lib/clock.ts';
import { systemRandom as random } from '../../../src/controller/lib/random.ts';

// A process of its own, for apiServer.ts: it sends its address, and ends with its parent.
const server = await startApiServer({ clock, random });
const { url, caPEM, kubeconfig } = server;
process.send?.({ url, caPEM, kubeconfig });
process.once('disconnect', () => void server.stop());
