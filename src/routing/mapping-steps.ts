import type { Alias, VirtualHost } from '../config/model.js';
import { toByteString } from '../http/index.js';
import type { Step } from '../trace/index.js';
import type { FoundFile } from './find-file.js';
import { findHtaccessSection, type HtaccessRefusal } from './htaccess.js';
import type { HandledResource, ProxiedMapping } from './index.js';
import { type ExcludedPath, urlOf } from './proxied.js';
import type { Redirection } from './redirects.js';
import type { CompiledSection } from './sections.js';
import type { Translation } from './translate-path.js';

/** What took the path, and which name it became, for `explain`. */
export function describeTranslation(translation: Translation, { settings }: VirtualHost): Step {
  switch (translation.kind) {
    case 'script':
      return describeAlias('WSGIScriptAlias', translation.alias, translation.filename);
    case 'tree': {
      const { by, filename } = translation;
      if (by === 'rewrite') return step(`RewriteRule makes ${filename} of it`);
      if (by === 'location') return step(`Alias of the <Location> makes ${filename} of it`);
      if (by === 'document-root')
        return step(
          `no alias takes it: DocumentRoot ${toByteString(settings.documentRoot ?? '')} makes ${filename} of it`,
        );
      return describeAlias('Alias', by, filename);
    }
    case 'climbing':
      return step(`an alias pattern makes ${translation.filename} of it, which climbs out of its directory`);
    case 'nowhere':
      return step('no alias takes it, and there is no DocumentRoot');
  }
}

/** Which ProxyPass or handler took the path, and what it made of it. */
export function describeProxied(found: ProxiedMapping | ExcludedPath): Step {
  const { position } = found.pass;
  const text =
    found.kind === 'proxied' ? `${found.by} makes ${urlOf(found)} of it` : 'ProxyPass !: it is answered here';
  return { stage: 'mapping', text, position };
}

/** What the file system has there. */
export function describeFound(found: FoundFile): Step {
  const { kind, filename } = found;
  if (kind === 'forbidden') return step(`${filename} may not be served: ${found.reason}`);
  if (kind === 'missing') return step(`there is no ${filename}`);
  const rest = kind === 'file' && found.pathInfo !== '' ? `, behind it ${found.pathInfo}` : '';
  return step(`${filename} is a ${kind}${rest}`);
}

/** Which WSGIHandlerScript answers. */
export function describeHandled({ name, script }: HandledResource): Step {
  const text = `the handler ${toByteString(name)} answers for it: handle_request of ${toByteString(script.file)} (WSGIHandlerScript)`;
  return { stage: 'mapping', text, position: script.position };
}

/** The .htaccess files that have a say, or the one that nobody can obey. */
export function describeHtaccess(matched: readonly CompiledSection[] | HtaccessRefusal): readonly Step[] {
  if ('kind' in matched) return [{ stage: 'htaccess', text: `${matched.reason}: no request here can go on` }];
  return matched.flatMap(({ kind, settings }) => {
    const section = kind === 'directory' ? findHtaccessSection(settings) : undefined;
    if (section?.isHtaccess === undefined) return [];
    return [{ stage: 'htaccess', text: `${section.argument} is read` }];
  });
}

/** The redirect that answers. */
export function describeRedirection({ status, location, position }: Redirection): Step {
  const target = location === undefined ? '' : ` to ${location}`;
  return { stage: 'mapping', text: `Redirect answers ${status}${target}`, position };
}

function describeAlias(name: string, { match, position }: Alias, filename: string): Step {
  const written =
    match.kind === 'prefix'
      ? `${name} ${toByteString(match.path)}`
      : `${name}Match ${toByteString(match.pattern.source)}`;
  return { stage: 'mapping', text: `${written} makes ${filename} of it`, position };
}

function step(text: string): Step {
  return { stage: 'mapping', text };
}
