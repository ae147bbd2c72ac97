// The list of models that Codex reads: its answer to `GET /models?client_version=`, and the file of its setting
// `model_catalog_json`. Tried with Codex 0.171 (2026-12-01), which refuses a whole list for one missing member.
import type { ListedModel } from './model-lists.ts';

/** Returns the models with a known context, in the order of their names. */
export function codexList(models: readonly ListedModel[]): object {
  return { models: models.filter(({ context }) => context !== null).map(codexModel) };
}

const effortTexts: Readonly<Record<string, string>> = {
  minimal: 'As little reasoning as possible',
  low: 'Less reasoning, faster answers',
  medium: 'A balance of speed and depth',
  high: 'More reasoning for hard tasks',
  xhigh: 'Much more reasoning',
  max: 'As much reasoning as the model can do',
};

function codexModel({ id, name, context, input, efforts }: ListedModel, index: number): object {
  const levels = efforts ?? [];
  const usual = levels.includes('medium') ? 'medium' : levels[0];
  return {
    slug: id,
    display_name: name ?? id,
    description: null,
    ...(usual !== undefined && { default_reasoning_level: usual }),
    supported_reasoning_levels: levels.map((effort) => ({
      effort,
      description: effortTexts[effort] ?? effort,
    })),
    shell_type: 'shell_command',
    visibility: 'list',
    supported_in_api: true,
    priority: index + 1,
    upgrade: null,
    base_instructions: instructions,
    supports_reasoning_summaries: levels.length > 0,
    support_verbosity: false,
    default_verbosity: null,
    apply_patch_tool_type: null,
    truncation_policy: { mode: 'bytes', limit: 10_000 },
    supports_parallel_tool_calls: true,
    context_window: context,
    experimental_supported_tools: [],
    input_modalities: (input ?? ['text']).filter((kind) => kind === 'text' || kind === 'image'),
  };
}

/** Codex requires instructions for each model of a list, and then sends no others. */
const instructions = `You are a coding agent that works in the user's terminal through Codex.

Work:
- Read the files that matter before you change anything. Follow AGENTS.md and the conventions that you find.
- Keep changes small and to the point. Fix causes, not symptoms. Leave unrelated code alone.
- Use the shell tool for commands and edits. Prefer rg for searching. Never revert changes that are not yours, and
  never run destructive git commands unless the user asks for them.
- For longer tasks, keep a short plan and update it as you go.
- Run the project's tests or checks when they exist. If you could not check something, say so.
- Respect the sandbox and the approval mode. Ask for approval only if a command needs it, with one sentence why.
- Continue until the task is done. Ask a question only if you cannot decide by yourself.

Answers:
- Be brief and factual. Say what you changed and where, with paths like src/app.ts:12.
- Do not print whole files that you have just written.
- Mention next steps only if there are useful ones.`;
