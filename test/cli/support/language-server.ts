import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../../support/shared.js';

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Diagnostic {
  readonly message: string;
  readonly range: { readonly start: Position; readonly end: Position };
}

export interface Completion {
  readonly label: string;
  readonly insertText?: string;
  readonly textEdit?: { readonly newText: string };
  readonly documentation?: string | { readonly value: string };
}

/** A yaml-language-server of its own process, asked as an editor asks it: over its standard input and output. */
export interface LanguageServer {
  /** Opens a text as the file of this path, which need not exist. @returns what the server underlines in it */
  open(file: string, text: string): Promise<readonly Diagnostic[]>;
  complete(file: string, position: Position): Promise<readonly Completion[]>;
  /** The text that is shown under the mouse, in Markdown; empty for none. */
  hover(file: string, position: Position): Promise<string>;
  stop(): Promise<void>;
}

/** The settings of an editor that asks nobody in the network for schemas. */
const settings: Readonly<Record<string, unknown>> = {
  yaml: { validate: true, hover: true, completion: true, schemaStore: { enable: false } },
  '[yaml]': {},
  editor: {},
  files: {},
  http: {},
};

const capabilities = {
  textDocument: {
    completion: { completionItem: { snippetSupport: true, documentationFormat: ['markdown'] } },
    hover: { contentFormat: ['markdown'] },
    publishDiagnostics: {},
  },
  workspace: { configuration: true },
};

export async function startLanguageServer(): Promise<LanguageServer> {
  const program = path.join(root, 'node_modules', 'yaml-language-server', 'bin', 'yaml-language-server');
  const child = spawn(process.execPath, [program, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const answers = new Map<number, (message: Message) => void>();
  const opened = new Map<string, (found: readonly Diagnostic[]) => void>();
  let asked = 0;

  readMessages(child.stdout, (message) => {
    if (message.method === undefined) return answers.get(message.id!)?.(message);
    if (message.method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = message.params as { uri: string; diagnostics: Diagnostic[] };
      return opened.get(uri)?.(diagnostics);
    }
    if (message.id === undefined) return;
    const { items = [] } = message.params as { items?: { section: string }[] };
    send({ id: message.id, result: items.map(({ section }) => settings[section] ?? null) });
  });

  function send(message: Message): void {
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }));
    child.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
    child.stdin.write(body);
  }

  async function ask(method: string, params: unknown): Promise<any> {
    const id = ++asked;
    const answer = new Promise<Message>((resolve) => answers.set(id, resolve));
    send({ id, method, params });
    const { result, error } = await answer;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  const at = (file: string, position: Position) => ({ textDocument: { uri: pathToFileURL(file).href }, position });

  await ask('initialize', { processId: process.pid, rootUri: null, capabilities });
  send({ method: 'initialized', params: {} });

  return {
    open(file, text) {
      const uri = pathToFileURL(file).href;
      const found = new Promise<readonly Diagnostic[]>((resolve) => opened.set(uri, resolve));
      send({ method: 'textDocument/didOpen', params: { textDocument: { uri, languageId: 'yaml', version: 1, text } } });
      return found;
    },
    async complete(file, position) {
      return (await ask('textDocument/completion', at(file, position))).items;
    },
    async hover(file, position) {
      const { contents = '' } = (await ask('textDocument/hover', at(file, position))) ?? {};
      return typeof contents === 'string' ? contents : contents.value;
    },
    async stop() {
      await ask('shutdown', undefined);
      send({ method: 'exit' });
      await ended;
    },
  };
}

/** A message of JSON-RPC: a question, an answer or a notice. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** Messages of the language server protocol: `Content-Length: N`, an empty line, N bytes of JSON. */
function readMessages(stream: NodeJS.ReadableStream, take: (message: Message) => void): void {
  let rest = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const headEnd = rest.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const length = Number(/Content-Length: (\d+)/.exec(rest.toString('latin1', 0, headEnd))![1]);
      const end = headEnd + 4 + length;
      if (rest.length < end) return;
      take(JSON.parse(rest.toString('utf8', headEnd + 4, end)));
      rest = rest.subarray(end);
    }
  });
}
