// How a command-line program ends after an expected failure: one sentence, no stack.

/** A failure that its message explains fully, including the remedy. */
export class CommandFailure extends Error {
  override name = 'CommandFailure';
}

/** Runs a program; an expected failure becomes one line on stderr and exit code 1. */
export async function runProgram(program: () => Promise<void>): Promise<void> {
  try {
    await program();
  } catch (error) {
    process.exitCode = 1;
    console.error(error instanceof CommandFailure ? `error: ${error.message}` : error);
  }
}

/** Returns the message of anything thrown, with its cause's message if it has one (fetch hides the reason there). */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.message === '') return describeError(error.errors[0]);
  return error.cause === undefined ? error.message : `${error.message}: ${describeError(error.cause)}`;
}
