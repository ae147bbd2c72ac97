// The names of the formats that conversations are translated between. Types only.
/** The formats that talk: those that translation goes between. */
export type FormatName = 'openai-chat' | 'openai-responses' | 'anthropic-messages' | 'gemini-generate';
