// Generated tables of translated pages: they are those of the English page, so they cannot go stale.

const generated = /<!-- generated: (.+?) -->\n+([\s\S]*?)\n+<!-- \/generated -->/g;
const placeholder = /^<!-- table: (.+?) -->$/gm;

/**
 * Replaces every line `<!-- table: NAME -->` of a translation with the generated block NAME of the original. Throws if
 * the original has no such block, or if the translation leaves one out.
 */
export function withOriginalTables(translation: string, original: string): string {
  const tables = new Map([...original.matchAll(generated)].map(([, name = '', table = '']) => [name, table]));
  const missing = new Set(tables.keys());
  const page = translation.replace(placeholder, (_line, name: string) => {
    missing.delete(name);
    const table = tables.get(name);
    if (table === undefined) throw new Error(`The English page has no generated table "${name}".`);
    return table;
  });
  const [first] = missing;
  if (first !== undefined) throw new Error(`The translation lacks <!-- table: ${first} -->.`);
  return page;
}
