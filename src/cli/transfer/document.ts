// The exported document as a file: private, never overwriting another by accident.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { CommandFailure, describeError } from '../failure.ts';
import { writePrivateFile } from '../private-file.ts';

/** Fails when the file exists already, before the relay is called. */
export function assertWritable(file: string, force: boolean): void {
  if (!existsSync(file)) return;
  if (!statSync(file).isFile()) throw new CommandFailure(`${file} is not a file`);
  if (!force) throw new CommandFailure(`${file} exists: choose another with --file, or pass --force`);
}

/** Writes the document, readable only by its owner: it contains the hashes and sealed keys of a deployment. */
export function writeDocument(file: string, document: Record<string, unknown>): void {
  try {
    writePrivateFile(file, `${JSON.stringify(document, null, 2)}\n`);
  } catch (error) {
    throw new CommandFailure(`cannot write ${file}: ${describeError(error)}`);
  }
}

/** Reads a document. Fails with a message for anything other than a JSON object. */
export function readDocument(file: string): Record<string, unknown> {
  const text = readText(file);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new CommandFailure(`${file} is not an export: ${describeError(error)}`);
  }
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) {
    return document as Record<string, unknown>;
  }
  throw new CommandFailure(`${file} is not an export: it holds no JSON object`);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandFailure(`cannot read ${file}: ${describeError(error)}`);
  }
}

/** Counts the entries: lengths of lists, and numbers. */
export function countsIn(answer: Record<string, unknown>): string {
  const nested = answer.counts ?? answer.imported;
  const source = typeof nested === 'object' && nested !== null ? nested : answer;
  return Object.entries(source)
    .flatMap(([name, value]) => {
      if (Array.isArray(value) && name !== 'warnings') return [`${name} ${value.length}`];
      return typeof value === 'number' && name !== 'version' ? [`${name} ${value}`] : [];
    })
    .join(', ');
}

/** The warnings of an import. */
export function warningsIn(answer: Record<string, unknown>): string[] {
  return Array.isArray(answer.warnings) ? answer.warnings.map(String) : [];
}
