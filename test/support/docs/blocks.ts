// The blocks of the documentation that are made from code, by name.
import { deployVariables } from '../../../src/cli/deploy/deployment.ts';
import { startVariables } from '../../../src/cli/start/settings.ts';
import { type VariableText, variables } from '../../../src/config.ts';
import { errorBody, errorCodes, errorHeaders, errorStatus } from '../../../src/formats/api-errors.ts';
import { formats } from '../../../src/formats/registry.ts';
import { RelayError, type RelayErrorCode } from '../../../src/lib/relay-error.ts';
import { presets } from '../../../src/providers/presets.ts';
import { matrixTable } from '../../e2e/sdk/matrix/table.ts';
import { limitBlocks } from './limits.ts';
import { markdownTable } from './markdown-table.ts';

/** Generators by the name in `<!-- generated: NAME -->`. */
export const generatedBlocks: Readonly<Record<string, () => string>> = {
  ...limitBlocks,
  variables: () => variableTable(variables),
  'start variables': () => variableTable(startVariables),
  'deploy variables': () => variableTable(deployVariables),
  errors: errorTable,
  endpoints: endpointTable,
  presets: presetTable,
  'translation matrix': matrixTable,
};

function variableTable(all: Readonly<Record<string, VariableText>>): string {
  const rows = Object.entries(all).map(([name, { default: usual, text }]) => [`\`${name}\``, usual, text]);
  return markdownTable(['variable', 'default', 'what it does'], rows);
}

function errorTable(): string {
  const heads = [
    'code',
    'OpenAI: status, `type`, `code`',
    'Anthropic: status, `type`',
    'Gemini: status, `status`, `reason`',
  ];
  return markdownTable([...heads, 'SDKs retry'], errorCodes.map(errorRow));
}

function errorRow(code: RelayErrorCode): string[] {
  const error = new RelayError(code, '');
  const openai = errorBody('openai', error, '') as { error: { type: string; code: string | null } };
  const anthropic = errorBody('anthropic', error, '') as { error: { type: string } };
  const gemini = errorBody('gemini', error, '') as {
    error: { status: string; details: { reason: string }[] };
  };
  const isFinal = errorHeaders(error)['x-should-retry'] === 'false';
  const status = errorStatus('openai', code);
  return [
    `[\`${code}\`](#${code})`,
    `${status} \`${openai.error.type}\`, ${openai.error.code === null ? '`null`' : `\`${openai.error.code}\``}`,
    `${errorStatus('anthropic', code)} \`${anthropic.error.type}\``,
    `${errorStatus('gemini', code)} \`${gemini.error.status}\`, \`${gemini.error.details[0]?.reason}\``,
    !isFinal && (status === 429 || status >= 500) ? 'yes' : 'no',
  ];
}

function endpointTable(): string {
  const rows = formats.endpoints
    .filter(({ operation }) => operation !== 'stored-response')
    .map(({ path, format }) => [
      `\`POST ${format.api === 'gemini' ? path.replace('/v1/', '/v1beta/') : path}\``,
      apiNames[format.api],
    ]);
  return markdownTable(['endpoint', 'API'], rows);
}

const apiNames = { openai: 'OpenAI', anthropic: 'Anthropic', gemini: 'Gemini' };

function presetTable(): string {
  const rows = Object.entries(presets).map(([name, { baseUrl, hasResponses, chat }]) => [
    `\`${name}\``,
    `\`${baseUrl}\``,
    hasResponses ? 'yes' : 'no',
    chat.refuses?.map((field) => `\`${field}\``).join(', ') || '–',
  ]);
  return markdownTable(['preset', 'address', 'Responses API', 'fields that are left out'], rows);
}
