/** One value of ASN.1 in its distinguished encoding (X.690), as far as certificates need it. */
export interface DerValue {
  /** Class, form and number as one byte: 0x30 is a sequence. */
  readonly tag: number;
  readonly content: Buffer;
}

/** The values that stand one after the other in a content. @throws RangeError when they do not end where they say */
export function readValues(bytes: Buffer): DerValue[] {
  const values: DerValue[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes.readUInt8(at);
    let length = bytes.readUInt8(at + 1);
    at += 2;
    if (length > 0x80) {
      const digits = length & 0x7f;
      if (digits > 4) throw new RangeError('a length of more than 4 bytes');
      length = bytes.readUIntBE(at, digits);
      at += digits;
    } else if (length === 0x80) throw new RangeError('a length that is not known');
    if (at + length > bytes.length) throw new RangeError('a value longer than what holds it');
    values.push({ tag, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return values;
}

/** `2.5.4.3` */
export function readObjectId({ content }: DerValue): string {
  const numbers: number[] = [];
  let number = 0;
  for (const byte of content) {
    number = number * 128 + (byte & 0x7f);
    if ((byte & 0x80) !== 0) continue;
    if (numbers.length > 0) numbers.push(number);
    else
      numbers.push(Math.min(2, Math.floor(number / 40)), number - 40 * Math.min(2, Math.floor(number / 40)));
    number = 0;
  }
  return numbers.join('.');
}

/** A character string of any kind as UTF-8, one byte per character; undefined for what is no text. */
export function readText({ tag, content }: DerValue): string | undefined {
  switch (tag) {
    case 0x0c:
      return content.toString('latin1');
    case 0x12:
    case 0x13:
    case 0x16:
    case 0x1a:
      return content.toString('latin1');
    // T61String: taken for Latin 1, as everybody does.
    case 0x14:
      return Buffer.from(content.toString('latin1'), 'utf8').toString('latin1');
    case 0x1e:
      return toBytes(
        Array.from({ length: content.length >> 1 }, (_, at) => content.readUInt16BE(2 * at)).map((unit) =>
          String.fromCharCode(unit),
        ),
      );
    case 0x1c:
      return toBytes(
        Array.from({ length: content.length >> 2 }, (_, at) => content.readUInt32BE(4 * at)).map((point) =>
          point > 0x10ffff ? '\ufffd' : String.fromCodePoint(point),
        ),
      );
    default:
      return undefined;
  }
}

function toBytes(characters: readonly string[]): string {
  return Buffer.from(characters.join(''), 'utf8').toString('latin1');
}

/** UTCTime or GeneralizedTime: milliseconds since the epoch. */
export function readTime({ tag, content }: DerValue): number {
  const text = content.toString('latin1');
  const [, year = '', month = '', day = '', hour = '', minute = '', second = ''] =
    (tag === 0x17
      ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
      : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
    ).exec(text) ?? [];
  const full = tag === 0x17 ? Number(year) + (Number(year) < 50 ? 2000 : 1900) : Number(year);
  return Date.UTC(full, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
}
