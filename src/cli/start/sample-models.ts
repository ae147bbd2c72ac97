// The models in the curl lines of the banner: those that channels serve to the token.

/** A model for each format's line. */
export interface SampleModels {
  readonly chat: string;
  readonly messages: string;
  readonly generate: string;
}

/** The first choice of each format's callers. */
const usual: SampleModels = {
  chat: 'gpt-4o',
  messages: 'claude-3-5-sonnet-20241022',
  generate: 'gemini-2.0-flash',
};

/** A channel's own list may have to be fetched; a start waits no longer than this. */
const waitMs = 5_000;

/**
 * Asks the relay which models the token may use. Every model answers in every format, so one model is enough for all lines. Returns null
 * when no chat model is served or the relay does not answer.
 */
export async function sampleModels(url: string, token: string): Promise<SampleModels | null> {
  const names = Object.values(usual);
  const served = await Promise.all(names.map((name) => isServed(url, token, name)));
  const fallback = names.find((_name, index) => served[index]) ?? (await firstChatModel(url, token));
  if (fallback === null) return null;
  const [chat = fallback, messages = fallback, generate = fallback] = names.map((name, index) =>
    served[index] ? name : fallback,
  );
  return { chat, messages, generate };
}

async function isServed(url: string, token: string, model: string): Promise<boolean> {
  const response = await get(url, token, `/v1/models/${model}`);
  await response?.body?.cancel();
  return response?.ok === true;
}

async function firstChatModel(url: string, token: string): Promise<string | null> {
  const response = await get(url, token, '/v1/models');
  const list = (await response?.json().catch(() => null)) as { data?: { id?: unknown }[] } | null;
  const ids = Array.isArray(list?.data) ? list.data.map(({ id }) => String(id)) : [];
  return ids.find((id) => isPlainName.test(id) && !otherModels.test(id)) ?? null;
}

/** Matches names that need no escaping in a path and in a shell's quotes. */
const isPlainName = /^[\w@][\w@./:-]*$/;

/** Matches models that are not for chat, by their names: the relay knows no more about most of them. */
const otherModels =
  /embed|rerank|moderation|whisper|transcri|tts|speech|audio|realtime|live|image|imagen|dall-e|flux|sora|veo|video|instruct$|davinci|babbage|bge-|ocr/i;

async function get(url: string, token: string, path: string): Promise<Response | null> {
  const headers = { authorization: `Bearer ${token}` };
  try {
    return await fetch(new URL(path, url), { headers, signal: AbortSignal.timeout(waitMs) });
  } catch {
    return null;
  }
}
