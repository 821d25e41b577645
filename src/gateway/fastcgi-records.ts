/** FastCGI 1.0, section 8: the types of records that a responder and its server exchange. */
export const recordTypes = {
  beginRequest: 1,
  endRequest: 3,
  params: 4,
  stdin: 5,
  stdout: 6,
  stderr: 7,
} as const;

/** The most bytes that the length of a record can say. */
const mostContent = 0xffff;

const version = 1;
const headBytes = 8;

export interface FastcgiRecord {
  readonly type: number;
  readonly id: number;
  /** Without padding. */
  readonly content: Buffer;
}

/** FCGI_BEGIN_REQUEST for a responder. `keeps`: it shall not close the connection. */
export function encodeBeginning(id: number, keeps: boolean): Buffer {
  return encodeRecord(recordTypes.beginRequest, id, Buffer.from([0, 1, keeps ? 1 : 0, 0, 0, 0, 0, 0]));
}

/** As many records as it takes; none for nothing, which would end the stream. */
export function encodeStream(type: number, id: number, content: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < content.length; at += mostContent) {
    const piece = content.subarray(at, at + mostContent);
    records.push(encodeHead(type, id, piece.length), piece);
  }
  return records;
}

export function encodeRecord(type: number, id: number, content: Buffer): Buffer {
  return Buffer.concat([encodeHead(type, id, content.length), content]);
}

function encodeHead(type: number, id: number, length: number): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt8(version, 0);
  head.writeUInt8(type, 1);
  head.writeUInt16BE(id, 2);
  head.writeUInt16BE(length, 4);
  return head;
}

/** `name, value, …` of byte strings as the content of FCGI_PARAMS. */
export function encodeFastcgiVariables(variables: readonly string[]): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < variables.length; at += 2) {
    const name = Buffer.from(variables[at] as string, 'latin1');
    const value = Buffer.from(variables[at + 1] as string, 'latin1');
    parts.push(encodeLength(name.length), encodeLength(value.length), name, value);
  }
  return Buffer.concat(parts);
}

/** One byte up to 127, else four with the highest bit set. */
function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE((length | 0x80000000) >>> 0);
  return bytes;
}

/** Finds the records in bytes that come in any pieces. */
export class RecordReader {
  #pending: Buffer = Buffer.alloc(0);

  /** The beginning of a record that is not complete. */
  get hasRest(): boolean {
    return this.#pending.length > 0;
  }

  /** `invalid`: why nothing of what follows the records can be trusted. */
  take(bytes: Buffer): { readonly records: FastcgiRecord[]; readonly invalid?: string } {
    const all = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    const records: FastcgiRecord[] = [];
    let at = 0;
    while (all.length - at >= headBytes) {
      if (all[at] !== version) return { records, invalid: `a record of version ${all[at]}` };
      const length = all.readUInt16BE(at + 4);
      const end = at + headBytes + length + all.readUInt8(at + 6);
      if (all.length < end) break;
      const content = all.subarray(at + headBytes, at + headBytes + length);
      records.push({ type: all.readUInt8(at + 1), id: all.readUInt16BE(at + 2), content });
      at = end;
    }
    this.#pending = all.subarray(at);
    return { records };
  }
}
