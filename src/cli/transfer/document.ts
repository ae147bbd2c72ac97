// The exported document as a file: private, never written over another by accident.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { CommandFailure, describeError } from '../failure.ts';
import { writePrivateFile } from '../private-file.ts';

/** A failure when the file exists already: asked before the relay is. */
export function assertWritable(file: string, force: boolean): void {
  if (!existsSync(file)) return;
  if (!statSync(file).isFile()) throw new CommandFailure(`${file} is not a file`);
  if (!force) throw new CommandFailure(`${file} exists: choose another with --file, or pass --force`);
}

/** Writes the document for its owner's eyes only: it holds the hashes and sealed keys of a deployment. */
export function writeDocument(file: string, document: Record<string, unknown>): void {
  try {
    writePrivateFile(file, `${JSON.stringify(document, null, 2)}\n`);
  } catch (error) {
    throw new CommandFailure(`cannot write ${file}: ${describeError(error)}`);
  }
}

/** Reads a document; anything that is not a JSON object is a failure that says so. */
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

/** How many of each there are: of lists their lengths, of numbers the numbers. */
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
