import type { FileETagSetting } from '../config/model.js';
import type { EntityTagParts, MediaRules } from '../files/index.js';
import type { Mapping } from '../routing/index.js';
import { checkBody } from './check-body.js';
import { closesConnection } from './error-answer.js';
import type { Exchange } from './exchange.js';
import { answerOtherMethods } from './file-methods.js';
import { type Refusal, refuse } from './site.js';
import { startAnswer } from './start-answer.js';

type FileMapping = Extract<Mapping, { kind: 'file' }>;

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
  const asked = site.serveFile({
    method: record.method === 'HEAD' ? 'HEAD' : exchange.method,
    headers: exchange.headers,
    filename: mapping.filename,
    media: mediaRules(exchange),
    ...(settings.fileETag === undefined ? {} : { entityTag: entityTagParts(settings.fileETag) }),
  });
  const answer = asked instanceof Promise ? await asked : asked;
  if (answer.reason !== undefined)
    exchange.log(answer.status >= 500 ? 'error' : 'info', 'core', answer.reason);
  if (answer.body === undefined && answer.status >= 400 && answer.status !== 412) {
    return { kind: 'refusal', status: answer.status, headers: withoutEntity(answer.headers) };
  }
  const status = answer.status === 200 ? (exchange.errorStatus ?? 200) : answer.status;
  if (closesConnection(status)) record.reply.closeConnection();
  const started = startAnswer(exchange, {
    status,
    reason: '',
    headers: answer.headers,
    ...(answer.type === undefined ? {} : { type: answer.type }),
  });
  const { body } = answer;
  if (started.kind === 'fault') {
    body?.destroy();
    return refuse(500, 'headers', started.reason);
  }
  if (body === undefined) {
    if (answer.content !== undefined) record.reply.write(answer.content);
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
