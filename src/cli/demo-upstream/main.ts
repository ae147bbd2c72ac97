// The demo upstream on its own: `node src/cli/demo-upstream/main.ts [port]`.
import { startDemoUpstream } from './server.ts';

const demo = await startDemoUpstream(Number(process.argv[2] ?? 0));
console.log(demo.url);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void demo.close().then(() => process.exit()));
}
