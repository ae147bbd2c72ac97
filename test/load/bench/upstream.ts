// The upstream of the bench: a separate process that answers each request at once with prepared bytes. `/json…`
// returns 1 KB of JSON; `/stream…` 200 events, one socket write each.
import { createServer, type Socket } from 'node:net';

const events = 200;
const usage = { prompt_tokens: 20, completion_tokens: 200, total_tokens: 220 };
const message = 'x'.repeat(700);
const json = JSON.stringify({
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o',
  choices: [{ index: 0, message: { role: 'assistant', content: message }, finish_reason: 'stop' }],
  usage,
});
const jsonAnswer = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${json.length}\r\n\r\n${json}`,
);
const streamHead = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n',
);
const streamChunks = [
  ...Array.from({ length: events }, (_, index) =>
    chunkOf({
      id: 'chatcmpl-bench',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'gpt-4o',
      choices: [{ index: 0, delta: { content: `word${index} ` }, finish_reason: null }],
      usage: null,
    }),
  ),
  chunkOf({
    id: 'chatcmpl-bench',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'gpt-4o',
    choices: [],
    usage,
  }),
  Buffer.from('e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n'),
];

function chunkOf(event: object): Buffer {
  const data = `data: ${JSON.stringify(event)}\n\n`;
  return Buffer.from(`${data.length.toString(16)}\r\n${data}\r\n`);
}

createServer((socket) => serve(socket)).listen(0, '127.0.0.1', function (this: import('node:net').Server) {
  process.send?.({ port: (this.address() as import('node:net').AddressInfo).port });
});
process.once('disconnect', () => process.exit(0));

function serve(socket: Socket): void {
  let held = Buffer.alloc(0);
  let missing = 0;
  let streams = false;
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes) => {
    if (missing > 0) {
      missing -= bytes.length;
      if (missing <= 0) reply(socket, streams);
      return;
    }
    held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
    const end = held.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = held.toString('latin1', 0, end);
    const length = /content-length: (\d+)/i.exec(head);
    streams = held.includes('"stream":true');
    missing = length
      ? Number(length[1]) - (held.length - end - 4)
      : held.includes('0\r\n\r\n', end + 4)
        ? 0
        : 1e9;
    held = Buffer.alloc(0);
    if (missing <= 0) reply(socket, streams);
  });
}

function reply(socket: Socket, streams: boolean): void {
  if (!streams) {
    socket.write(jsonAnswer);
    return;
  }
  socket.write(streamHead);
  let next = 0;
  const write = () => {
    const chunk = streamChunks[next++];
    if (chunk === undefined || socket.destroyed) return;
    socket.write(chunk);
    setImmediate(write);
  };
  write();
}
