/**
 * What whoever is given a piece of a body says of its memory. `free`: nobody will read it any more, so that the next piece may be put there;
 * `kept`: somebody still reads it, and it must not be touched; `returned`: so it is, but then it comes back by {@link returnBuffer}.
 */
export type PieceUse = 'free' | 'kept' | 'returned';

/** Pieces of up to so many bytes are copied: nobody shall keep a whole buffer for a few bytes of it. */
export const ownBytes = 16_384;

const bufferBytes = 131_072;
/** 4 MB. */
const mostSpare = 32;
const spare: Buffer[] = [];
/** The memory of those that are somewhere else: what is given back has to be among them, or two might get the same. */
const taken = new WeakSet<ArrayBufferLike>();

/** A buffer for what comes next of a request body. They are used again, since fresh ones cost more than the copying: the garbage collector runs for them. */
export function takeBuffer(): Buffer {
  const buffer = spare.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
  taken.add(buffer.buffer);
  return buffer;
}

/** Nobody reads `piece` any more, nor anything else of the buffer from `takeBuffer` that it lies in. Once for each time that it was taken. */
export function returnBuffer(piece: Buffer): void {
  if (!taken.delete(piece.buffer)) return;
  if (spare.length < mostSpare) spare.push(Buffer.from(piece.buffer, 0, bufferBytes));
}
