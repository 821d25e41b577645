import type { DirectorySettings, FileETagSetting } from '../config/model.js';
import type { EntityTagParts, MediaRules } from '../files/index.js';
import { encodeRedirectPath, toByteString } from '../http/index.js';
import type { Mapping } from '../routing/index.js';
import { checkBody } from './check-body.js';
import { closesConnection } from './error-answer.js';
import type { Exchange } from './exchange.js';
import { type Refusal, refuse } from './site.js';

type FileMapping = Extract<Mapping, { kind: 'file' }>;
type DirectoryMapping = Extract<Mapping, { kind: 'directory' }>;

/** What the handler of static files does for a method (httpd): POST gets the file, and its body is discarded. */
const servedMethods = new Set(['GET', 'HEAD', 'POST']);
function allowedMethods({ virtualHost }: Exchange): string {
  return `GET,POST,OPTIONS,HEAD${virtualHost.settings.traceEnable === 'off' ? '' : ',TRACE'}`;
}

/** A file of the document root or an alias. */
export async function serveStaticFile(
  exchange: Exchange,
  mapping: FileMapping,
): Promise<Refusal | undefined> {
  const { record, site, settings } = exchange;
  exchange.filename = mapping.filename;
  const refusal = answerOtherMethods(exchange);
  if (refusal !== 'serve') return refusal;
  const tooLarge = checkBody(exchange);
  if (tooLarge !== undefined) return tooLarge;
  if (mapping.pathInfo !== '' && settings.acceptPathInfo !== 'on') {
    return refuse(
      404,
      'core',
      `${mapping.filename} is a file and takes no path info ${mapping.pathInfo}`,
      'info',
    );
  }
  const answer = await site.serveFile({
    method: record.method === 'HEAD' ? 'HEAD' : exchange.method,
    headers: exchange.headers,
    filename: mapping.filename,
    media: mediaRules(exchange),
    ...(settings.fileETag === undefined ? {} : { entityTag: entityTagParts(settings.fileETag) }),
  });
  if (answer.reason !== undefined)
    exchange.log(answer.status >= 500 ? 'error' : 'info', 'core', answer.reason);
  if (answer.body === undefined && answer.status >= 400 && answer.status !== 412) {
    return { kind: 'refusal', status: answer.status, headers: withoutEntity(answer.headers) };
  }
  const status = answer.status === 200 ? (exchange.errorStatus ?? 200) : answer.status;
  if (closesConnection(status)) record.reply.closeConnection();
  record.reply.start(status, '', ['Server', site.software, ...exchange.errorHeaders, ...answer.headers]);
  const { body } = answer;
  if (body === undefined) {
    record.reply.end();
    return undefined;
  }
  await new Promise<void>((resolve) => {
    body.on('data', (piece: Buffer) => {
      if (record.reply.write(piece)) return;
      body.pause();
      record.reply.onDrain(() => body.resume());
    });
    body.on('end', () => {
      record.reply.end();
      resolve();
    });
    body.on('error', (error) => {
      exchange.log('error', 'core', `reading ${mapping.filename} failed: ${error.message}`);
      record.reply.cut();
      resolve();
    });
    record.reply.onClosed((how) => {
      if (how === 'aborted') body.destroy();
      resolve();
    });
  });
  return undefined;
}

function mediaRules({ settings, site }: Exchange): MediaRules {
  const { extensions, forceType, defaultLanguage, defaultCharset } = settings;
  const { mediaTypes } = site.config.global;
  return {
    ...(extensions === undefined ? {} : { extensions }),
    ...(mediaTypes === undefined ? {} : { types: mediaTypes }),
    ...(forceType === undefined ? {} : { forceType }),
    ...(defaultLanguage === undefined ? {} : { defaultLanguage }),
    ...(defaultCharset === undefined ? {} : { defaultCharset }),
  };
}

/** What no word takes away of nothing, or adds to it: words with signs do not count from the default (as httpd). */
function entityTagParts({ add }: FileETagSetting): EntityTagParts {
  return { inode: add.has('inode'), size: add.has('size'), mtime: add.has('mtime') };
}

/** What stands for a directory: its index, through the whole decision again; or the way to its `/`. */
export type DirectoryAnswer = Refusal | { readonly kind: 'index'; readonly path: string };

/** undefined: answered. */
export function findIndex(exchange: Exchange, mapping: DirectoryMapping): DirectoryAnswer | undefined {
  const { path = '/', query, site, virtualHost, settings, method } = exchange;
  exchange.filename = mapping.filename;
  const hasSlash = path.endsWith('/');
  if (!hasSlash && settings.directorySlash !== false) return redirectToSlash(exchange, path, query);
  for (const name of hasSlash ? indexNames(settings) : []) {
    const indexPath = name.startsWith('/') ? name : path + name;
    const { kind } = site.router.route(virtualHost, indexPath).mapping;
    if (kind === 'file' || kind === 'script' || kind === 'redirect')
      return { kind: 'index', path: indexPath };
  }
  if (method === 'OPTIONS') {
    answerOptions(exchange);
    return undefined;
  }
  if (method === 'POST')
    return refuse(404, 'core', `${mapping.filename}/ is a directory without index`, 'info');
  return refuse(
    403,
    'autoindex',
    `cannot serve directory ${mapping.filename}/: no matching DirectoryIndex found`,
  );
}

function indexNames({ directoryIndex = ['index.html'], fallbackResource = '' }: DirectorySettings): string[] {
  return [...directoryIndex, ...(fallbackResource === '' ? [] : [fallbackResource])].map(toByteString);
}

function redirectToSlash(exchange: Exchange, path: string, query: string): Refusal {
  const location = `${exchange.origin}${encodeRedirectPath(path)}/${query === '' ? '' : `?${query}`}`;
  return { kind: 'refusal', status: 301, headers: ['Location', location] };
}

/** OPTIONS is answered here, whether there is a file or not; methods that files do not know are 405. */
export function answerOtherMethods(exchange: Exchange): 'serve' | Refusal | undefined {
  const { method } = exchange;
  if (servedMethods.has(method)) return 'serve';
  if (method !== 'OPTIONS') {
    return {
      ...refuse(405, 'core', `method ${method} on a file`, 'info'),
      headers: ['Allow', allowedMethods(exchange)],
    };
  }
  answerOptions(exchange);
  return undefined;
}

function answerOptions(exchange: Exchange): void {
  const { reply } = exchange.record;
  reply.start(200, '', [
    'Server',
    exchange.site.software,
    'Allow',
    allowedMethods(exchange),
    'Content-Length',
    '0',
  ]);
  reply.end();
}

/** The caller writes a page of its own: what describes the file's content does not hold for that. */
function withoutEntity(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    if (!/^(content-(?!range)|last-modified|etag|accept-ranges)/i.test(name))
      kept.push(name, headers[at + 1] as string);
  }
  return kept;
}
