// The pages that are translated into Chinese, by the last part of their address.
import quickstart from '../../docs/zh/quickstart.md';
import type { RenderedPage } from '../../lib/rendered-page.ts';

/** Pages that are missing here are shown in English. */
export const chinese: Readonly<Record<string, RenderedPage>> = { quickstart };
