// A small MCP server on stdio with one tool, which reads a note: one JSON-RPC message per line
// (https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#stdio). The note is its argument.
import { createInterface } from 'node:readline';

const note = process.argv[2] ?? '';

const tool = {
  name: 'read_note',
  description: 'Reads a note by its title.',
  inputSchema: {
    type: 'object',
    properties: { title: { type: 'string', description: 'The title of the note.' } },
    required: ['title'],
  },
};

interface Message {
  id?: number | string;
  method: string;
  params?: { protocolVersion?: string };
}

function resultOf({ method, params }: Message): object | null {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: params?.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'notes', version: '1.0.0' },
      };
    case 'tools/list':
      return { tools: [tool] };
    case 'tools/call':
      return { content: [{ type: 'text', text: note }] };
    case 'ping':
      return {};
    default:
      return null;
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const message: Message = JSON.parse(line);
  if (message.id === undefined) return;
  const result = resultOf(message);
  const answer = result ? { result } : { error: { code: -32601, message: 'Method not found' } };
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answer })}\n`);
});
