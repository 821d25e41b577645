export interface WrittenHead {
  readonly status: number;
  readonly reason: string;
  /** Name, value, name, value, …. */
  readonly headers: string[];
}

/**
 * Reads the head that node:http's ServerResponse wrote (status line and fields, without the empty line). It is well
 * formed, since ServerResponse checks names and values.
 */
export function parseWrittenHead(head: string): WrittenHead {
  const lines = head.split('\r\n');
  const statusLine = lines[0] ?? '';
  const headers: string[] = [];
  for (let at = 1; at < lines.length; at += 1) {
    const line = lines[at] as string;
    const colon = line.indexOf(':');
    if (colon > 0) headers.push(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return { status: Number(statusLine.slice(9, 12)), reason: statusLine.slice(13), headers };
}
