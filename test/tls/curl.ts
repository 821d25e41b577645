import { execFile } from 'node:child_process';

/** What curl says of one request. */
export interface Fetched {
  /** curl's; 0: an answer came. */
  readonly exitCode: number;
  readonly status: number;
  /** name in lower case → value */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Asks with curl; names that end in `.test` lead to this machine. */
export function curl(url: string, ...options: readonly string[]): Promise<Fetched> {
  const { hostname, port } = new URL(url);
  const words = [
    '-s',
    '-i',
    '-m',
    '15',
    '--noproxy',
    '*',
    '--resolve',
    `${hostname}:${port}:127.0.0.1`,
    ...options,
    url,
  ];
  return new Promise((resolve) => {
    execFile('curl', words, { encoding: 'latin1', maxBuffer: 16_000_000 }, (error, output) => {
      const end = output.indexOf('\r\n\r\n');
      const [first = '', ...lines] = output.slice(0, Math.max(0, end)).split('\r\n');
      resolve({
        exitCode: error === null ? 0 : Number(error.code),
        status: Number(first.split(' ')[1] ?? 0),
        headers: new Map(
          lines.map((line): [string, string] => {
            const colon = line.indexOf(':');
            return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
          }),
        ),
        body: end < 0 ? '' : output.slice(end + 4),
      });
    });
  });
}
