// The names of known OpenAI-compatible upstreams. presets.ts describes each.

/** The hosts that are known by name. */
export const presetNames = [
  'alibaba',
  'cerebras',
  'deepseek',
  'fireworks',
  'groq',
  'huggingface',
  'llama.cpp',
  'mistral',
  'moonshot',
  'ollama',
  'openrouter',
  'perplexity',
  'together',
  'vllm',
  'xai',
  'zai',
] as const;

export type PresetName = (typeof presetNames)[number];
