/** The most bytes that the length of a packet can say. */
const mostBytes = 0xffff;

/**
 * The variables of a request as uWSGI reads them (modifiers 0 and 0): `name, value, …` of byte strings. Undefined: they are more than one
 * packet holds. https://uwsgi-docs.readthedocs.io/en/latest/Protocol.html
 */
export function encodeUwsgiPacket(variables: readonly string[]): Buffer | undefined {
  const parts = variables.map((text) => Buffer.from(text, 'latin1'));
  const size = parts.reduce((sum, { length }) => sum + 2 + length, 0);
  if (size > mostBytes || parts.some(({ length }) => length > mostBytes)) return undefined;
  const packet = Buffer.alloc(4 + size);
  packet.writeUInt16LE(size, 1);
  let at = 4;
  for (const part of parts) {
    packet.writeUInt16LE(part.length, at);
    part.copy(packet, at + 2);
    at += 2 + part.length;
  }
  return packet;
}
