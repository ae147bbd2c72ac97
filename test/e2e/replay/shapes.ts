// Frames the same events in legal ways that no recording has (server-sent events, WHATWG HTML 9.2.6): each changes
// a stream's text, but not its events.

/** Rewrites the text of a stream in another framing. */
export type Shape = (stream: string) => string;

/** Framings by a sentence that names them. */
export const shapes: Readonly<Record<string, Shape>> = {
  'as by its provider': (stream) => stream,
  'with `data:` and no space': (stream) => stream.replaceAll(/^data: /gm, 'data:'),
  'with the line ends of another format': (stream) =>
    stream.includes('\r\n') ? stream.replaceAll('\r\n', '\n') : stream.replaceAll('\n', '\r\n'),
  'with a carriage return alone as line end': (stream) => stream.replaceAll(/\r?\n/g, '\r'),
  'with a byte order mark': (stream) => `\uFEFF${stream}`,
  'with comments between events': (stream) =>
    `: connected\n\n${stream.replaceAll(/(\r?\n)(?=data: \{|event: )/g, '$1: keepalive 请\n')}`,
  'with ids and retry times': (stream) => stream.replaceAll(/^(?=data: )/gm, 'id: 7\nretry: 3000\n'),
  'without the last blank line': (stream) => stream.replace(/(\r?\n)\r?\n$/, '$1'),
  'without any last line end': (stream) => stream.replace(/[\r\n]+$/, ''),
};

/** Splits each event's JSON into several `data:` lines after every comma between members. */
export function overSeveralLines(stream: string): string {
  const lineEnd = stream.includes('\r\n') ? '\r\n' : '\n';
  return stream.replaceAll(/^data: (\{.*\})\r?$/gm, (_line, json: string) => {
    const lines = JSON.stringify(JSON.parse(json), null, 1).split('\n');
    const joined = lines.map((line) => `data: ${line}`).join(lineEnd);
    return lineEnd === '\r\n' ? `${joined}\r` : joined;
  });
}

/** Returns a stream's events, however it is framed: names and data, `data:` lines joined. */
export function eventsOf(stream: string): { event: string | null; data: unknown }[] {
  const blocks = stream
    .replace(/^\uFEFF/, '')
    .replaceAll(/\r\n|\r/g, '\n')
    .split(/\n\n+/);
  return blocks.flatMap((block) => {
    const field = (name: string) =>
      block
        .split('\n')
        .flatMap((line) =>
          line.startsWith(`${name}:`) ? [line.slice(name.length + 1).replace(/^ /, '')] : [],
        );
    const data = field('data').join('\n');
    if (data === '') return [];
    return [{ event: field('event').at(-1) ?? null, data: data.startsWith('{') ? JSON.parse(data) : data }];
  });
}
