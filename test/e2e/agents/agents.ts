// Configures each agent to call only the relay, with settings and switches from its own documentation and
// `--help`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Format } from '../sdk/matrix/script.ts';

/** What a run provides to an agent. */
interface AgentRun {
  /** An empty home folder, and a working folder. */
  home: string;
  folder: string;
  /** The relay's bare address and one of its tokens. */
  url: string;
  token: string;
  model: string;
  prompt: string;
  /** The command of an MCP server on stdio. */
  mcpCommand: { command: string; args: string[] };
}

export interface Agent {
  name: string;
  program: string;
  /** The format of its requests. */
  format: Format;
  /** The model to request from a kind of channel, if it differs from the usual one. */
  models?: Partial<Record<Format, string>>;
  /** Returns the arguments and environment of one headless run, and writes the files that it needs into `home`. */
  prepare(run: AgentRun): { args: string[]; env: Record<string, string> };
}

function write(path: string, content: string | object): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
}

/** https://code.claude.com/docs/en/env-vars */
export const claudeCode: Agent = {
  name: 'Claude Code',
  program: 'claude',
  format: 'anthropic-messages',
  prepare: ({ home, url, token, model, prompt, mcpCommand }) => {
    const mcpServers = { notes: { type: 'stdio', ...mcpCommand } };
    write(join(home, 'mcp.json'), { mcpServers });
    return {
      // It refuses to skip permissions as root.
      args: [
        '-p',
        prompt,
        '--allowedTools',
        'Read Bash mcp__notes__read_note',
        '--mcp-config',
        join(home, 'mcp.json'),
      ],
      env: {
        ANTHROPIC_BASE_URL: url,
        ANTHROPIC_AUTH_TOKEN: token,
        ANTHROPIC_MODEL: model,
        ANTHROPIC_SMALL_FAST_MODEL: model,
        ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_TELEMETRY: '1',
        DISABLE_ERROR_REPORTING: '1',
        DISABLE_AUTOUPDATER: '1',
      },
    };
  },
};

/** A model whose tools Codex declares one by one, and that OpenAI serves in the Responses API only. */
export const codexModel = 'gpt-5.1-codex';

/** https://developers.openai.com/codex/config-reference */
export const codex: Agent = {
  name: 'Codex',
  program: 'codex',
  format: 'openai-responses',
  // For newer models it writes code instead of calling tools one by one.
  models: { 'openai-responses': codexModel },
  prepare: (run) =>
    prepareCodex(
      run,
      `model_provider = "relay"
[model_providers.relay]
name = "relay"
base_url = ${JSON.stringify(`${run.url}/v1`)}
env_key = "RELAY_TOKEN"
wire_api = "responses"`,
    ),
};

/** With its own provider at the relay's address it first tries a WebSocket, and continues without one after a 426. */
const codexOfOpenai: Agent = {
  ...codex,
  name: 'Codex, openai_base_url',
  prepare: (run) => {
    write(join(run.home, '.codex/auth.json'), { auth_mode: 'apikey', OPENAI_API_KEY: run.token });
    return prepareCodex(run, `openai_base_url = ${JSON.stringify(`${run.url}/v1`)}`);
  },
};

function prepareCodex(run: AgentRun, provider: string): { args: string[]; env: Record<string, string> } {
  const { home, folder, token, model, prompt, mcpCommand } = run;
  write(
    join(home, '.codex/config.toml'),
    `model = ${JSON.stringify(model)}
model_reasoning_effort = "medium"
check_for_update_on_startup = false
${provider}
[analytics]
enabled = false
[feedback]
enabled = false
[mcp_servers.notes]
command = ${JSON.stringify(mcpCommand.command)}
args = ${JSON.stringify(mcpCommand.args)}
default_tools_approval_mode = "approve"
`,
  );
  return {
    args: [
      'exec',
      '--skip-git-repo-check',
      '--dangerously-bypass-approvals-and-sandbox',
      '-C',
      folder,
      prompt,
    ],
    env: { CODEX_HOME: join(home, '.codex'), RELAY_TOKEN: token },
  };
}

/** https://geminicli.com/docs/reference/configuration/ */
export const geminiCli: Agent = {
  name: 'Gemini CLI',
  program: 'gemini',
  format: 'gemini-generate',
  prepare: ({ home, url, token, model, prompt }) => {
    write(join(home, '.gemini/settings.json'), {
      security: { auth: { selectedType: 'gemini-api-key' }, folderTrust: { enabled: false } },
      privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false },
      general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
    });
    return {
      args: ['-p', prompt, '-m', model, '--yolo', '--skip-trust'],
      env: { GOOGLE_GEMINI_BASE_URL: url, GEMINI_API_KEY: token, GEMINI_TELEMETRY_ENABLED: 'false' },
    };
  },
};

const labels: Record<Format, string> = {
  'openai-chat': 'chat',
  'openai-responses': 'Responses',
  'anthropic-messages': 'Messages',
  'gemini-generate': 'generateContent',
};

/**
 * The three agents with a configurable API: the relay's address in each follows their documentation of that
 * provider.
 */
type Formats<Setting> = Partial<Record<Format, Setting>>;

function inEach<Setting>(
  formats: Formats<Setting>,
  agent: (format: Format, setting: Setting) => Agent,
): Agent[] {
  return Object.entries(formats).map(([format, setting]) => agent(format as Format, setting));
}

const copilotApis: Formats<{ type: string; wireApi: string; path: string }> = {
  'openai-chat': { type: 'openai', wireApi: 'completions', path: '/v1' },
  'openai-responses': { type: 'openai', wireApi: 'responses', path: '/v1' },
  'anthropic-messages': { type: 'anthropic', wireApi: 'completions', path: '' },
};

/** `copilot help providers` and `copilot help environment`. It has no provider for Google's API. */
const copilots = inEach(copilotApis, (format, { type, wireApi, path }) => ({
  name: `Copilot CLI, ${labels[format]}`,
  program: 'copilot',
  format,
  prepare: ({ home, url, token, model, prompt }) => ({
    args: ['-p', prompt, '--allow-all-tools', '--allow-all-paths', '--no-color'],
    env: {
      COPILOT_HOME: join(home, '.copilot'),
      COPILOT_PROVIDER_TYPE: type,
      COPILOT_PROVIDER_WIRE_API: wireApi,
      COPILOT_PROVIDER_BASE_URL: url + path,
      COPILOT_PROVIDER_API_KEY: token,
      COPILOT_MODEL: model,
      // Disables telemetry, updates and GitHub.
      COPILOT_OFFLINE: 'true',
      COPILOT_AUTO_UPDATE: 'false',
    },
  }),
}));

const opencodeApis: Formats<{ npm: string; path: string }> = {
  'openai-chat': { npm: '@ai-sdk/openai-compatible', path: '/v1' },
  'openai-responses': { npm: '@ai-sdk/openai', path: '/v1' },
  'anthropic-messages': { npm: '@ai-sdk/anthropic', path: '/v1' },
  'gemini-generate': { npm: '@ai-sdk/google', path: '/v1beta' },
};

/** https://opencode.ai/docs/providers/ and https://opencode.ai/docs/cli/ */
const opencodes = inEach(opencodeApis, (format, { npm, path }) => ({
  name: `opencode, ${labels[format]}`,
  program: 'opencode',
  format,
  prepare: ({ url, token, model, prompt }) => ({
    args: ['run', '--model', `relay/${model}`, prompt],
    env: {
      OPENCODE_CONFIG_CONTENT: JSON.stringify({
        autoupdate: false,
        share: 'disabled',
        small_model: `relay/${model}`,
        provider: {
          relay: {
            npm,
            name: 'relay',
            options: { baseURL: url + path, apiKey: token },
            models: { [model]: { name: model, reasoning: true, tool_call: true } },
          },
        },
      }),
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
      OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
    },
  }),
}));

const piApis: Formats<{ api: string; path: string; compat?: object }> = {
  'openai-chat': { api: 'openai-completions', path: '/v1' },
  'openai-responses': { api: 'openai-responses', path: '/v1' },
  'anthropic-messages': {
    api: 'anthropic-messages',
    path: '',
    compat: { forceAdaptiveThinking: true, supportsTemperature: false },
  },
  'gemini-generate': { api: 'google-generative-ai', path: '/v1beta' },
};

/** docs/models.md, docs/models-configuration.md and docs/environment-variables.md of the package. */
const pis = inEach(piApis, (format, { api, path, compat }) => ({
  name: `pi, ${labels[format]}`,
  program: 'pi',
  format,
  prepare: ({ home, url, token, model, prompt }) => {
    write(join(home, '.pi/agent/models.json'), {
      providers: {
        relay: {
          baseUrl: url + path,
          api,
          apiKey: token,
          models: [{ id: model, reasoning: true, contextWindow: 200_000, maxTokens: 32_000, compat }],
        },
      },
    });
    return {
      args: ['-p', '--model', `relay/${model}`, '--thinking', 'high', prompt],
      env: {
        PI_CODING_AGENT_DIR: join(home, '.pi/agent'),
        PI_OFFLINE: '1',
        PI_TELEMETRY: '0',
        PI_SKIP_VERSION_CHECK: '1',
      },
    };
  },
}));

export const agents: readonly Agent[] = [
  claudeCode,
  codex,
  codexOfOpenai,
  geminiCli,
  ...copilots,
  ...opencodes,
  ...pis,
];
