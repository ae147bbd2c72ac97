// A user's turn for targets that refuse a conversation without one: of a system prompt alone, or one that begins with the
// assistant. Anthropic: "messages: at least one message is required"; Gemini: "contents is not specified" (seen 2026-11).

/** The text of the user's turn that is put first. It never changes, so that prompt caches hold. */
export const userTurnText = 'Continue.';

/** Whether the turns need the user to begin. */
export function needsUserTurn(firstRole: string | undefined): boolean {
  return firstRole !== 'user';
}
