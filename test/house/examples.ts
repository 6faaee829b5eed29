/** The examples in the documents: they are run as they stand there, but for the address of the service. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../src/config/settings.js';
import { python } from '../servers/python.js';

export interface Block {
  language: string;
  text: string;
}

export interface Command {
  command: string;
  /** What the document says that the last line of its output is. */
  answer: unknown;
}

/** What runs a program that is given to it behind these. */
const interpreters: Record<string, readonly [string, ...string[]]> = {
  sh: ['sh', '-e', '-c'],
  js: [process.execPath, '--input-type=module', '-e'],
  python: [python, '-W', 'error', '-c'],
};

/** Blocks of the sections whose headings begin so, in their order. */
export function blocksOf(document: string, heading: string): Block[] {
  const text = readFileSync(path.join(projectRoot, document), 'utf8');
  const sections = text.split(/^##+ /m).filter((section) => section.startsWith(heading));
  return sections.flatMap((section) =>
    [...section.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, language, text]) => ({
      language: language!,
      text: text!,
    })),
  );
}

/** The one program of a section. */
export function programOf(document: string, heading: string, language: string): string {
  const [program, ...others] = blocksOf(document, heading).filter((block) => block.language === language);
  if (!program || others.length > 0) throw new Error(`${document}, ${heading}: not one example in ${language}`);
  return program.text;
}

/** The commands of a section, each with the JSON that stands behind it. */
export function commandsOf(document: string, heading: string): Command[] {
  const blocks = blocksOf(document, heading).filter(({ language }) => language === 'sh' || language === 'json');
  return blocks.flatMap(({ language, text }, index) => {
    if (language !== 'sh') return [];
    const next = blocks[index + 1];
    return [{ command: text, answer: next?.language === 'json' ? JSON.parse(next.text) : undefined }];
  });
}

export class RunningExample {
  readonly #process: ChildProcess;
  readonly #ended: Promise<number | null>;
  #output = '';
  #errors = '';

  /** @param url of the service that it is to speak to */
  constructor(language: string, text: string, url: string) {
    const [program, ...options] = interpreters[language]!;
    const placed = text.replaceAll('127.0.0.1:8080', new URL(url).host);
    const child = spawn(program, [...options, placed], { cwd: projectRoot, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    const killIt = () => child.kill('SIGKILL');
    process.once('exit', killIt);
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
    this.#ended = once(child, 'close').then(([code]) => {
      process.off('exit', killIt);
      if (!this.#output.endsWith('\n')) this.#output += '\n';
      return code as number | null;
    });
  }

  /** The exit code; null when it was killed. */
  get ended(): Promise<number | null> {
    return this.#ended;
  }

  /** Lines of output that are whole. */
  get lines(): string[] {
    return this.#output.split('\n').slice(0, -1);
  }

  get errors(): string {
    return this.#errors;
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }
}
