// Tools as coding agents define them: long descriptions in Markdown, schemas with `$schema`, links and
// enumerations.

const $schema = 'https://json-schema.org/draft/2020-12/schema';
const text = (description: string, more: object = {}) => ({ type: 'string', description, ...more });

/** A shell, files, a search, a fetch, a plan, and a tool of an MCP server. */
export const agentTools = [
  {
    name: 'Shell',
    description: `Runs a command in a persistent shell session, with an optional time limit.

Before you run a command:
1. If it creates files or directories, list the parent directory first and check that the place is right.
2. Quote paths that contain spaces: \`cd "/home/user/My Documents"\`, never \`cd /home/user/My Documents\`.

Usage notes:
  - The time limit is in milliseconds (600000 at most). Without one, commands end after 120000 ms.
  - Output beyond 30000 characters is cut before it is returned to you.
  - Use the dedicated tools instead of \`find\`, \`grep\`, \`cat\`, \`head\`, \`tail\`, \`sed\` and \`awk\`, unless you are told to.
  - Join commands that depend on each other with \`&&\`; send independent ones as separate calls in one message.

# Committing changes
Only commit when the user asks for it. NEVER update the git config, NEVER use \`--force\`, \`--hard\` or \`-i\`, and do not skip hooks (\`--no-verify\`).
Run \`git status\`, \`git diff\` and \`git log -5 --oneline\` first, then write a message that says why, not what.
See https://git-scm.com/docs/git-commit and https://docs.github.com/en/pull-requests for details.`,
    input_schema: {
      $schema,
      type: 'object',
      properties: {
        command: text('The command to execute'),
        timeout: { type: 'number', description: 'Optional time limit in milliseconds (max 600000)' },
        description: text(
          'What this command does, in active voice, in 5 to 10 words. Examples: "List files in current directory", "Install package dependencies".',
        ),
        run_in_background: {
          type: 'boolean',
          description: 'Set to true to run this command in the background.',
        },
      },
      required: ['command'],
      additionalProperties: false,
    },
  },
  {
    name: 'Read',
    description: `Reads a file from the local filesystem. You can access any file directly by using this tool.
Assume that it can read every file on the machine; if the user gives you a path, assume that the path is valid.

- The file_path parameter must be an absolute path, not a relative one.
- By default it reads up to 2000 lines from the beginning of the file.
- Lines longer than 2000 characters are truncated; results are in \`cat -n\` format, with line numbers starting at 1.
- It can show images (PNG, JPG), PDF files (.pdf) page by page, and Jupyter notebooks (.ipynb) with all cells and their outputs.`,
    input_schema: {
      $schema,
      type: 'object',
      properties: {
        file_path: text('The absolute path to the file to read'),
        offset: { type: 'integer', minimum: 0, description: 'The line number to start reading from' },
        limit: {
          type: 'integer',
          exclusiveMinimum: 0,
          maximum: 9007199254740991,
          description: 'The number of lines to read',
        },
      },
      required: ['file_path'],
      additionalProperties: false,
    },
  },
  {
    name: 'Search',
    description:
      'A powerful search built on ripgrep. Supports full regular expressions (e.g. "log.*Error", "function\\\\s+\\\\w+"). Filter files with the glob parameter ("*.js", "**/*.tsx") or the type parameter ("js", "py", "rust").',
    input_schema: {
      $schema,
      type: 'object',
      properties: {
        pattern: text('The regular expression to search for in file contents'),
        path: text('File or directory to search in. Defaults to the current working directory.'),
        output_mode: text('Output mode', { enum: ['content', 'files_with_matches', 'count'] }),
        '-i': { type: 'boolean', description: 'Case insensitive search' },
        multiline: { type: 'boolean', default: false },
      },
      required: ['pattern'],
      additionalProperties: false,
    },
  },
  {
    name: 'Fetch',
    description:
      'Fetches content from a URL and processes it with a small, fast model. The URL must be fully formed; HTTP is upgraded to HTTPS; when a host redirects to another one, you are told and should call again with the new address.',
    input_schema: {
      $schema,
      type: 'object',
      properties: {
        url: text('The URL to fetch', { format: 'uri' }),
        prompt: text('The prompt to run on the fetched content'),
      },
      required: ['url', 'prompt'],
      additionalProperties: false,
    },
  },
  {
    name: 'TodoWrite',
    description:
      'Creates and manages a structured task list for the session. Use it for tasks with three or more distinct steps; keep exactly one task in_progress at a time.',
    input_schema: {
      $schema,
      type: 'object',
      properties: {
        todos: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              content: { type: 'string', minLength: 1 },
              status: { type: 'string', enum: ['pending', 'in_progress', 'completed'] },
              activeForm: { type: 'string', minLength: 1 },
            },
            required: ['content', 'status', 'activeForm'],
            additionalProperties: false,
          },
        },
      },
      required: ['todos'],
      additionalProperties: false,
    },
  },
  {
    name: 'mcp__weather__get_forecast',
    description: 'Gets the forecast of a place. Data: https://open-meteo.com/en/docs',
    input_schema: {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: { latitude: { type: 'number' }, longitude: { type: 'number' } },
    },
  },
];
