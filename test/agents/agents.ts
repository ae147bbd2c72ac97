// How each agent is set to call the relay and nothing else: settings and switches from its own documentation and `--help`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Format } from '../sdk/matrix/script.ts';

/** What a run gives an agent. */
export interface AgentRun {
  /** An empty folder that is its home, and one to work in. */
  home: string;
  folder: string;
  /** The relay's bare address and a token of it. */
  url: string;
  token: string;
  model: string;
  prompt: string;
  /** Of an MCP server on stdio. */
  mcpCommand: { command: string; args: string[] };
}

export interface Agent {
  name: string;
  program: string;
  /** The format of its requests. */
  format: Format;
  /** Arguments and environment of one headless run; writes the files that it needs into `home`. */
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

/** https://developers.openai.com/codex/config-reference */
export const codex: Agent = {
  name: 'Codex',
  program: 'codex',
  format: 'openai-responses',
  prepare: ({ home, folder, url, token, model, prompt, mcpCommand: { command, args } }) => {
    write(
      join(home, '.codex/config.toml'),
      `model = ${JSON.stringify(model)}
model_provider = "relay"
model_reasoning_effort = "medium"
check_for_update_on_startup = false
[analytics]
enabled = false
[feedback]
enabled = false
[model_providers.relay]
name = "relay"
base_url = ${JSON.stringify(`${url}/v1`)}
env_key = "RELAY_TOKEN"
wire_api = "responses"
[mcp_servers.notes]
command = ${JSON.stringify(command)}
args = ${JSON.stringify(args)}
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
  },
};

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

/** `copilot help providers` and `copilot help environment` */
const copilot: Agent = {
  name: 'Copilot CLI',
  program: 'copilot',
  format: 'openai-chat',
  prepare: ({ home, url, token, model, prompt }) => ({
    args: ['-p', prompt, '--allow-all-tools', '--allow-all-paths', '--no-color'],
    env: {
      COPILOT_HOME: join(home, '.copilot'),
      COPILOT_PROVIDER_BASE_URL: `${url}/v1`,
      COPILOT_PROVIDER_API_KEY: token,
      COPILOT_MODEL: model,
      // No telemetry, no update, no GitHub.
      COPILOT_OFFLINE: 'true',
      COPILOT_AUTO_UPDATE: 'false',
    },
  }),
};

/** https://opencode.ai/docs/providers/ and https://opencode.ai/docs/cli/ */
const opencode: Agent = {
  name: 'opencode',
  program: 'opencode',
  format: 'openai-chat',
  prepare: ({ url, token, model, prompt }) => ({
    args: ['run', '--model', `relay/${model}`, prompt],
    env: {
      OPENCODE_CONFIG_CONTENT: JSON.stringify({
        autoupdate: false,
        share: 'disabled',
        small_model: `relay/${model}`,
        provider: {
          relay: {
            npm: '@ai-sdk/openai-compatible',
            name: 'relay',
            options: { baseURL: `${url}/v1`, apiKey: token },
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
};

/** docs/models.md, docs/models-configuration.md and docs/environment-variables.md of the package */
const pi: Agent = {
  name: 'pi',
  program: 'pi',
  format: 'openai-chat',
  prepare: ({ home, url, token, model, prompt }) => {
    write(join(home, '.pi/agent/models.json'), {
      providers: {
        relay: {
          baseUrl: `${url}/v1`,
          api: 'openai-completions',
          apiKey: token,
          models: [{ id: model, reasoning: true, contextWindow: 200_000, maxTokens: 32_000 }],
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
};

export const agents: readonly Agent[] = [claudeCode, codex, geminiCli, copilot, opencode, pi];
