import { createHash } from 'node:crypto';
import type { Subject } from './evaluate.js';
import { fileSize, readFile } from './file-tests.js';
import type { FunctionName } from './names.js';

/** The value of `name(argument)`. Throws, in words, where httpd has no answer either. */
export function callFunction(name: FunctionName, argument: string, subject: Subject): string {
  switch (name) {
    case 'req':
    case 'http':
    case 'req_novary':
      return subject.requestHeader(argument) ?? '';
    case 'resp':
      return subject.responseHeader(argument) ?? '';
    case 'reqenv':
      return subject.environment(argument) ?? '';
    case 'osenv':
      return readServerVariable(argument) ?? '';
    case 'note':
      return subject.note(argument) ?? '';
    case 'env':
      return subject.note(argument) ?? subject.environment(argument) ?? readServerVariable(argument) ?? '';
    case 'tolower':
      return argument.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    case 'toupper':
      return argument.replace(/[a-z]/g, (letter) => letter.toUpperCase());
    case 'escape':
      return argument.replace(/[^\w!$&'()*+,\-./:;=@~]/g, escapeByte);
    case 'unescape':
      return decodeEscapes(argument);
    case 'base64':
      return Buffer.from(argument, 'latin1').toString('base64');
    case 'unbase64':
      return decodeBase64(argument);
    case 'md5':
    case 'sha1':
      return createHash(name).update(argument, 'latin1').digest('hex');
    case 'file':
      return readFile(argument);
    case 'filesize':
      return String(fileSize(argument));
    case 'hc':
      return argument === 'body' ? (subject.checkedBody?.() ?? '') : '';
  }
}

/** A variable of the server's own environment. Byte strings. */
export function readServerVariable(name: string): string | undefined {
  const value = Object.hasOwn(process.env, name) ? process.env[name] : undefined;
  return value === undefined ? undefined : Buffer.from(value, 'utf8').toString('latin1');
}

function escapeByte(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** An escape that is broken or hides a NUL makes the whole text empty, and an escaped slash stays escaped (as httpd). */
function decodeEscapes(text: string): string {
  if (/%(?![0-9A-Fa-f]{2})|%00/.test(text)) return '';
  return text.replace(/%([0-9A-Fa-f]{2})/g, (escaped, digits: string) =>
    digits.toLowerCase() === '2f' ? escaped : String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/** Up to the first character that is none of base64's. */
function decodeBase64(text: string): string {
  const digits = /^[A-Za-z0-9+/]*/.exec(text)?.[0] ?? '';
  return Buffer.from(digits, 'base64').toString('latin1');
}
