/// <reference types="@cloudflare/vitest-plugin/types" />
import type { Env as RelayEnv } from '../src/env.ts';

declare global {
  namespace Cloudflare {
    interface Env extends RelayEnv {}
    interface GlobalProps {
      mainModule: typeof import('../src/index.ts');
    }
  }
}
