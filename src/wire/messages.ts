/** Payloads of the daemon protocol's frames. See README.md in this folder. */

import { WireViolation } from './frames.js';

/** name, value, name, value, …; every character one byte. */
export type Pairs = readonly string[];

export type CallInterface = 'auto' | 'wsgi' | 'fetch' | 'node';

/** What many requests have in common: the script, and how it is called. */
export interface RequestTarget {
  readonly scriptFile: string;
  readonly applicationGroup: string;
  readonly callableName: string;
  readonly callInterface: CallInterface;
  readonly hasBody: boolean;
  readonly checkScript: boolean;
  /** The client asks for WebSocket: the answer may be 101. */
  readonly wantsUpgrade?: boolean;
  /** The daemon is to say ACCEPTED before it hands it to a callable. */
  readonly isAhead?: boolean;
  /** With checkScript: what `reload_required` of the script says counts, too. */
  readonly isHandlerScript?: boolean;
}

export interface RequestMessage extends RequestTarget {
  readonly environ: Pairs;
  /** Headers as received; empty for Python daemons. */
  readonly headers: Pairs;
}

/**
 * Pairs that many messages have in common. `line`: joined and checked, so that it is not done for each of them; with a NUL before each text. `names` and
 * `values`: the same of these alone.
 */
export interface SharedPairs {
  readonly pairs: Pairs;
  readonly line: string;
  readonly names: string;
  readonly values: string;
}

/** Names of pairs that come with many messages, each with other values. `lines`: each between two NULs, checked; `line`: joined, with a NUL before each. */
export interface SharedNames {
  readonly names: readonly string[];
  readonly lines: readonly string[];
  readonly line: string;
}

/** Pairs of one message: as many values as there are names. */
export interface NamedValues {
  readonly names: SharedNames;
  readonly values: readonly string[];
}

/**
 * A request as the front end puts it together. `facts` and `shared`: of the environ, too, in this order behind `environ`: of two pairs with one name the
 * later counts. The last part is the one that the most requests have in common. `sharedHeaders`: behind `headers`; a message that has them is for Node, which
 * looks for what the request is (method, URL, script name, protocol, HTTPS) in `environ` and `facts` alone.
 */
export interface OutgoingRequest extends Omit<RequestMessage, 'hasBody'> {
  readonly hasBody?: boolean;
  /** What `joinCalled` makes of the first four texts, where that was done once for many messages. */
  readonly called?: string;
  readonly facts?: NamedValues | undefined;
  readonly shared?: readonly SharedPairs[];
  readonly sharedHeaders?: SharedPairs | undefined;
}

export interface ResponseMessage {
  readonly status: number;
  readonly reason: string;
  readonly headers: Pairs;
}

/** What a script can be asked besides requests: functions of an auth script, and all those of a dispatch script at once. */
export const callFunctions = [
  'check_password',
  'groups_for_user',
  'get_realm_hash',
  'allow_access',
  'dispatch',
] as const;
export type CallFunction = (typeof callFunctions)[number];

export interface CallMessage {
  readonly functionName: CallFunction;
  readonly scriptFile: string;
  readonly applicationGroup: string;
  readonly checkScript: boolean;
  /** As of {@link RequestMessage}. */
  readonly isAhead?: boolean;
  readonly arguments: readonly string[];
  readonly environ: Pairs;
}

export type ReplyMessage =
  | { readonly kind: 'true' | 'false' | 'none' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'list'; readonly texts: readonly string[] }
  | { readonly kind: 'missing' | 'error'; readonly sentence: string };

export interface AbortMessage {
  readonly code: string;
  readonly sentence: string;
}

/** @throws WireViolation if a text holds a NUL. */
export function encodeTexts(texts: readonly string[]): string {
  const joined = texts.join('\0');
  // One scan instead of one per text: as many NULs as there are gaps, or some text has one of its own.
  let nuls = 0;
  for (let at = joined.indexOf('\0'); at !== -1; at = joined.indexOf('\0', at + 1)) nuls += 1;
  if (nuls !== Math.max(0, texts.length - 1)) throw new WireViolation('a text holds a NUL byte');
  return joined;
}

export function decodeTexts(payload: Buffer): string[] {
  return payload.length === 0 ? [] : payload.toString('latin1').split('\0');
}

/** @throws WireViolation if a text holds a NUL. */
export function sharePairs(pairs: Pairs): SharedPairs {
  return new KeptPairs(pairs, pairs.length === 0 ? '' : encodeTexts(['', ...pairs]));
}

/** What only messages to Python need is made when it is first asked for. */
class KeptPairs implements SharedPairs {
  readonly pairs: Pairs;
  readonly line: string;
  #names: string | undefined;
  #values: string | undefined;

  constructor(pairs: Pairs, line: string) {
    this.pairs = pairs;
    this.line = line;
  }

  get names(): string {
    this.#names ??= lineUpEach(this.pairs, 0);
    return this.#names;
  }

  get values(): string {
    this.#values ??= lineUpEach(this.pairs, 1);
    return this.#values;
  }
}

function lineUpEach(pairs: Pairs, first: 0 | 1): string {
  return lineUp(pairs.filter((_, at) => at % 2 === first));
}

/** @throws WireViolation if a name holds a NUL. */
export function shareNames(names: readonly string[]): SharedNames {
  return { names, lines: names.map((name) => encodeTexts(['', name, ''])), line: lineUp(names) };
}

/** @throws WireViolation if a text holds a NUL. */
export function joinCalled({
  scriptFile,
  applicationGroup,
  callableName,
  callInterface,
}: Pick<RequestTarget, 'scriptFile' | 'applicationGroup' | 'callableName' | 'callInterface'>): string {
  return encodeTexts([scriptFile, applicationGroup, callableName, callInterface]);
}

/** @throws WireViolation if a text holds a NUL. */
export function encodeRequest(
  message: OutgoingRequest,
  hasBody = message.hasBody === true,
  isAhead = message.isAhead === true,
): string {
  const { environ, facts, headers, shared = noShared, sharedHeaders } = message;
  let count = environ.length / 2;
  if (facts !== undefined) count += facts.values.length;
  for (const { pairs } of shared) count += pairs.length / 2;
  const hasLengths = sharedHeaders !== undefined;
  const last = headers.length === 0 && !hasLengths ? shared.at(-1) : undefined;
  const endsShared = last !== undefined && last.pairs.length > 0;
  const flags =
    (hasBody ? 'b' : '') +
    (message.checkScript ? 'r' : '') +
    (message.wantsUpgrade === true ? 'u' : '') +
    (isAhead ? 'a' : '') +
    (message.isHandlerScript === true ? 'h' : '') +
    (endsShared ? 's' : '') +
    (hasLengths ? 'l' : '');
  let payload = `${message.called ?? joinCalled(message)}\0${flags}\0${count}`;
  if (endsShared) return payload + lineUpByName(environ, facts, shared, last);
  let own = lineUp(environ);
  if (facts !== undefined) own += lineUpFacts(facts);
  let whole = own;
  for (const { line } of shared) whole += line;
  if (hasLengths) payload += `\0${own.length}\0${whole.length}`;
  payload += whole + lineUp(headers);
  return hasLengths ? payload + sharedHeaders.line : payload;
}

const noShared: readonly SharedPairs[] = [];

/** Two lengths, names, values, and then `last`, which ends `shared`: a daemon process finds the names where those of the request before stood. */
function lineUpByName(
  environ: Pairs,
  facts: NamedValues | undefined,
  shared: readonly SharedPairs[],
  last: SharedPairs,
): string {
  let names = environ.length === 0 ? '' : lineUpEach(environ, 0);
  let values = environ.length === 0 ? '' : lineUpEach(environ, 1);
  if (facts !== undefined) {
    checkNumber(facts);
    names += facts.names.line;
    values += lineUp(facts.values);
  }
  for (const part of shared) {
    if (part === last) continue;
    names += part.names;
    values += part.values;
  }
  return `\0${last.line.length - 1}\0${names.length}${names}${values}${last.line}`;
}

/** Each text with a NUL before it. */
function lineUp(texts: Pairs): string {
  let line = '';
  for (const text of texts) {
    checkText(text);
    line += `\0${text}`;
  }
  return line;
}

function checkNumber({ names: { names }, values }: NamedValues): void {
  if (values.length !== names.length)
    throw new WireViolation(`${values.length} values for ${names.length} names`);
}

function lineUpFacts(facts: NamedValues): string {
  checkNumber(facts);
  const {
    names: { lines },
    values,
  } = facts;
  let line = '';
  for (let at = 0; at < lines.length; at += 1) {
    const value = values[at] as string;
    checkText(value);
    line += lines[at] as string;
    line += value;
  }
  return line;
}

function checkText(text: string): void {
  if (text.includes('\0')) throw new WireViolation('a text holds a NUL byte');
}

export function decodeRequest(payload: Buffer): RequestMessage {
  const texts = decodeTexts(payload);
  const target = readTarget(texts);
  const [, , , , flags = '', count] = texts;
  const hasShared = flags.includes('s');
  const hasLengths = flags.includes('l');
  const environStart = hasShared || hasLengths ? 8 : 6;
  const environEnd = environStart + 2 * decodeCount(count, texts.length - environStart, 2);
  const namesEnd = hasShared ? findNamesEnd(texts, environEnd) : environStart;
  if (hasLengths) checkLengths(texts, environEnd);
  if ((texts.length - environEnd) % 2 !== 0)
    throw new WireViolation('REQUEST has a header name without a value');
  return {
    ...target,
    environ: [
      ...pairUp(texts.slice(environStart, namesEnd), texts.slice(namesEnd)),
      ...texts.slice(2 * namesEnd - environStart, environEnd),
    ],
    headers: texts.slice(environEnd),
  };
}

/** Reads the first five texts of a REQUEST. */
export function readTarget(texts: readonly string[]): RequestTarget {
  const [scriptFile, applicationGroup, callableName, callInterface, flags] = texts;
  if (
    scriptFile === undefined ||
    applicationGroup === undefined ||
    callableName === undefined ||
    flags === undefined ||
    !isCallInterface(callInterface)
  ) {
    throw new WireViolation('REQUEST is too short or names no known interface');
  }
  return {
    scriptFile,
    applicationGroup,
    callableName,
    callInterface,
    hasBody: flags.includes('b'),
    checkScript: flags.includes('r'),
    ...(flags.includes('u') ? { wantsUpgrade: true } : {}),
    ...(flags.includes('a') ? { isAhead: true } : {}),
    ...(flags.includes('h') ? { isHandlerScript: true } : {}),
  };
}

function pairUp(names: readonly string[], values: readonly string[]): string[] {
  return names.flatMap((name, at) => [name, values[at] as string]);
}

/** The pairs that many requests share end the frame, and begin with a name. Before them stand the names of the others, and then as many values. */
function findNamesEnd(texts: readonly string[], environEnd: number): number {
  let left = decodeCount(texts[6], Number.POSITIVE_INFINITY, 1);
  let at = texts.length;
  while (left > 0 && at > 8) {
    at -= 1;
    left -= (texts[at] as string).length + 1;
  }
  if (left !== -1 || (at - 8) % 2 !== 0) throw misfit(texts[6]);
  if (texts.length !== environEnd) throw misfit(texts[5]);
  const namesEnd = 8 + (at - 8) / 2;
  const namesLength = texts.slice(8, namesEnd).reduce((sum, name) => sum + name.length + 1, 0);
  if (decodeCount(texts[7], Number.POSITIVE_INFINITY, 1) !== namesLength) throw misfit(texts[7]);
  return namesEnd;
}

/** The first part of the environ ends with a value, and all of it where the pairs end. */
function checkLengths(texts: readonly string[], environEnd: number): void {
  let length = 0;
  let isOwnEnd = texts[6] === '0';
  for (let at = 8; at < environEnd; at += 1) {
    length += (texts[at] as string).length + 1;
    if (at % 2 === 1 && texts[6] === String(length)) isOwnEnd = true;
  }
  if (!isOwnEnd) throw misfit(texts[6]);
  if (texts[7] !== String(length)) throw misfit(texts[7]);
}

/** `status` 100 to 999; `headers` are checked by the caller to hold no CR, LF or NUL. */
export function encodeResponse(message: ResponseMessage): string {
  const statusLine = message.reason === '' ? String(message.status) : `${message.status} ${message.reason}`;
  return encodeTexts([statusLine, ...message.headers]);
}

export function decodeResponse(payload: Buffer): ResponseMessage {
  return readResponse(payload.toString('latin1'));
}

/**
 * Reads RESPONSE frames of one connection. Many of them are alike: the same bytes as a moment ago are the same message, the very object, so
 * that what was made of it can be found again.
 */
export class ResponseDecoder {
  readonly #texts: string[] = new Array<string>(mostResponses).fill('');
  readonly #messages: (ResponseMessage | undefined)[] = new Array<ResponseMessage | undefined>(mostResponses);

  decode(payload: Buffer): ResponseMessage {
    const text = payload.toString('latin1');
    if (text.length > longestResponse) return readResponse(text);
    const place = text.length % mostResponses;
    const known = this.#messages[place];
    if (known !== undefined && this.#texts[place] === text) return known;
    const message = readResponse(text);
    this.#texts[place] = text;
    this.#messages[place] = message;
    return message;
  }
}

const mostResponses = 16;
const longestResponse = 2_048;

function readResponse(payload: string): ResponseMessage {
  const texts = payload === '' ? [] : payload.split('\0');
  const statusLine = texts[0] ?? '';
  const status = Number(statusLine.slice(0, 3));
  if (!/^[1-9][0-9]{2}( |$)/.test(statusLine))
    throw new WireViolation(`RESPONSE has no status: ${JSON.stringify(statusLine)}`);
  if (texts.length % 2 !== 1) throw new WireViolation('RESPONSE has a header name without a value');
  return { status, reason: statusLine.slice(4), headers: texts.slice(1) };
}

export function encodeCall(message: CallMessage): string {
  const flags = (message.checkScript ? 'r' : '') + (message.isAhead === true ? 'a' : '');
  const { functionName, scriptFile, applicationGroup, environ } = message;
  const count = String(message.arguments.length);
  return encodeTexts([
    functionName,
    scriptFile,
    applicationGroup,
    flags,
    count,
    ...message.arguments,
    ...environ,
  ]);
}

export function decodeCall(payload: Buffer): CallMessage {
  const texts = decodeTexts(payload);
  const [functionName, scriptFile, applicationGroup, flags, count] = texts;
  if (scriptFile === undefined || applicationGroup === undefined || flags === undefined) {
    throw new WireViolation('CALL is too short');
  }
  if (!isCallFunction(functionName)) {
    throw new WireViolation(`CALL of an unknown function: ${JSON.stringify(functionName)}`);
  }
  const argumentsEnd = 5 + decodeCount(count, texts.length - 5, 1);
  if ((texts.length - argumentsEnd) % 2 !== 0)
    throw new WireViolation('CALL has an environ name without a value');
  return {
    functionName,
    scriptFile,
    applicationGroup,
    checkScript: flags.includes('r'),
    ...(flags.includes('a') ? { isAhead: true } : {}),
    arguments: texts.slice(5, argumentsEnd),
    environ: texts.slice(argumentsEnd),
  };
}

function isCallFunction(name: string | undefined): name is CallFunction {
  return callFunctions.some((known) => known === name);
}

export function encodeReply(message: ReplyMessage): string {
  switch (message.kind) {
    case 'text':
      return encodeTexts(['text', message.text]);
    case 'list':
      return encodeTexts(['list', ...message.texts]);
    case 'missing':
    case 'error':
      return encodeTexts([message.kind, message.sentence]);
    default:
      return message.kind;
  }
}

export function decodeReply(payload: Buffer): ReplyMessage {
  const [kind, ...rest] = decodeTexts(payload);
  switch (kind) {
    case 'true':
    case 'false':
    case 'none':
      return { kind };
    case 'text':
      return { kind, text: rest[0] ?? '' };
    case 'list':
      return { kind, texts: rest };
    case 'missing':
    case 'error':
      return { kind, sentence: rest[0] ?? '' };
    default:
      throw new WireViolation(`REPLY of an unknown kind: ${JSON.stringify(kind)}`);
  }
}

export function encodeAbort(code: string, sentence: string): string {
  return encodeTexts([code, sentence]);
}

export function decodeAbort(payload: Buffer): AbortMessage {
  const [code, sentence] = decodeTexts(payload);
  if (code === undefined) throw new WireViolation('ABORT without a code');
  return { code, sentence: sentence ?? '' };
}

/** `bytes` 1 to 4 294 967 295. */
export function encodeCredit(bytes: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(bytes);
  return payload;
}

export function decodeCredit(payload: Buffer): number {
  if (payload.length !== 4) throw new WireViolation(`CREDIT of ${payload.length} bytes`);
  return payload.readUInt32BE();
}

/** One line for the error log. `line` holds no LF. */
export function encodeLog(level: string, line: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${level}\0`, 'latin1'), line]);
}

export function decodeLog(payload: Buffer): { readonly level: string; readonly line: Buffer } {
  const nul = payload.indexOf(0);
  if (nul === -1) throw new WireViolation('LOG without a level');
  return { level: payload.toString('latin1', 0, nul), line: payload.subarray(nul + 1) };
}

export function encodeHello(fields: Pairs): string {
  return encodeTexts(['version', '1', ...fields]);
}

export function decodeHello(payload: Buffer): ReadonlyMap<string, string> {
  const texts = decodeTexts(payload);
  const fields = new Map<string, string>();
  for (let at = 0; at + 1 < texts.length; at += 2) fields.set(texts[at] as string, texts[at + 1] as string);
  if (fields.get('version') !== '1')
    throw new WireViolation(`the peer speaks version ${fields.get('version') ?? 'none'}, not 1`);
  return fields;
}

function decodeCount(text: string | undefined, available: number, unit: number): number {
  const count = Number(text);
  if (!/^[0-9]{1,7}$/.test(text ?? '') || count * unit > available) throw misfit(text);
  return count;
}

function misfit(text: string | undefined): WireViolation {
  return new WireViolation(`a list of ${JSON.stringify(text)} items does not fit into its frame`);
}

function isCallInterface(text: string | undefined): text is CallInterface {
  return text === 'auto' || text === 'wsgi' || text === 'fetch' || text === 'node';
}
