import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';

const ownFolders = [new URL('.', import.meta.url).href, fileURLToPath(new URL('.', import.meta.url))];

/** An error as Node would show it, with its stack, causes and members, line by line, without modhost's own frames. */
export function describeError(error: unknown): string[] {
  let lines: string[];
  try {
    lines = inspect(error).split('\n');
  } catch {
    return ['an error that cannot be shown'];
  }
  const others = lines.filter((line) => !isOwnFrame(line));
  // Where all frames are ours, they are all there is to know.
  return others.some(isFrame) ? others : lines;
}

function isFrame(line: string): boolean {
  return /^\s+at /.test(line);
}

function isOwnFrame(line: string): boolean {
  return isFrame(line) && ownFolders.some((folder) => line.includes(folder));
}
