// Whether two names mean the same model. Providers, clouds, and gateways each spell a model in their own way. Pure.

/** Returns whether two names mean the same model, ignoring maker, variant, date, and the order of words. */
export function isSameModel(one: string, other: string): boolean {
  return wordsOf(one) === wordsOf(other);
}

/** Returns a name in lower case without maker, region, variant, and date. */
export function bareName(name: string): string {
  return name
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(/^((us|eu|apac|global|jp|au)\.)?(anthropic|amazon|meta)\./, '')
    .replace(/[:@].*$/, '')
    .replace(/-v\d+$/, '')
    .replace(/-(\d{4}-\d{2}-\d{2}|\d{8}|\d{2}-\d{4}|\d{2}-\d{2}|\d{4}|latest|\d{3})$/, '');
}

function wordsOf(name: string): string {
  return bareName(name)
    .split(/[-._\s]+/)
    .toSorted()
    .join(' ');
}
