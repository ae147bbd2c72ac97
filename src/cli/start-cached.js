// `npm start`: runs start.ts by way of Node's compile cache. In JavaScript, so that Node does not load its TypeScript parser for
// this file either. Measured 2026-11-30: 87 MB and 0.15 s of CPU instead of 108 MB and 0.29 s.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../../.wrangler/tmp/compile-cache', import.meta.url)));
await import('./start.ts');
