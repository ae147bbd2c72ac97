// Builds the documentation's matrix from features.ts, so the two cannot differ.
import { features } from './features.ts';
import { type Format, formats } from './script.ts';

const heads: Record<Format, string> = {
  'openai-chat': 'chat',
  'openai-responses': 'Responses',
  'anthropic-messages': 'Messages',
  'gemini-generate': 'generateContent',
};

/**
 * Returns Markdown. `✓`: the format has the feature. `–`: it does not (a caller never requests it; a channel
 * reports it in `x-relay-dropped`).
 */
export function matrixTable(): string {
  const rows = features.map(({ name, callerCannot = {}, channelCannot = {} }) => {
    const cells = formats.map((format) => `${mark(callerCannot[format])} ${mark(channelCannot[format])}`);
    return `| ${name} | ${cells.join(' | ')} |`;
  });
  const columns = formats.map((format) => heads[format]);
  return [`| | ${columns.join(' | ')} |`, `|---${'|---'.repeat(columns.length)}|`, ...rows].join('\n');
}

function mark(reason: string | undefined): string {
  return reason === undefined ? '✓' : '–';
}
