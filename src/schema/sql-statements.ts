/**
 * The statements of an SQL script, comments removed: what D1 takes in a batch. A trigger's BEGIN … END
 * stays one statement. Made for schema.sql: no semicolon or `--` inside string literals.
 */
export function splitStatements(script: string): string[] {
  const statements: string[] = [];
  let pending = '';
  for (const line of script.split('\n')) {
    const code = line.replace(/--.*$/, '').trimEnd();
    if (code === '') continue;
    pending += `${code}\n`;
    const insideTrigger = /^CREATE TRIGGER/i.test(pending) && !/\bEND;\s*$/i.test(pending);
    if (code.endsWith(';') && !insideTrigger) {
      statements.push(pending.trim());
      pending = '';
    }
  }
  if (pending.trim() !== '') statements.push(pending.trim());
  return statements;
}
