import { buildSection } from './build-config.js';
import { deepFreeze } from './deep-freeze.js';
import { definitionTable, knownModules, knownNames } from './directives/index.js';
import { createConfigDraft, createSectionDraft, createServerDraft, type Scope } from './draft.js';
import { MistakeList, sortMistakes, TooManyErrors } from './mistakes.js';
import type { HtaccessFile, ParseHtaccess, ServerConfig } from './model.js';
import { isOverridable } from './override-classes.js';
import type { ReadPhase } from './read-phase.js';
import { readHtaccessTree } from './read-tree.js';
import { Variables } from './variables.js';
import { walkNodes } from './walk.js';

/**
 * Reads .htaccess files with the definitions of the site file, and with its variables and macros. Whatever such a file may not
 * say, or says wrongly, is a mistake: nothing in it is passed over in silence.
 */
export function createHtaccessParser(config: ServerConfig, environment: NodeJS.ProcessEnv): ParseHtaccess {
  return (given) => {
    const { file, directory, content, virtualHost } = given;
    const mistakes = new MistakeList(mostErrors);
    const phase = startPhase(config, given, environment, mistakes);
    const scope = createScope(config, given, environment, mistakes);
    const tree = stopAtTooMany(() => {
      const nodes = readHtaccessTree(phase, file, content);
      if (nodes !== undefined) walkNodes(nodes, scope, definitionTable);
      return nodes;
    });
    const sorted = sortMistakes(mistakes.all, [file]);
    const errors = sorted.filter(({ severity }) => severity === 'error');
    if (tree === undefined || errors.length > 0) return { kind: 'mistakes', mistakes: errors };
    const head = {
      kind: 'directory',
      position: { file, line: 1 },
      argument: file,
      match: { kind: 'literal', text: directory },
    } as const;
    const section = buildSection({ head, draft: scope.section }, virtualHost.settings.logLevel);
    return { kind: 'section', section: deepFreeze({ ...section, isHtaccess: true }), warnings: sorted };
  };
}

/** The first is told, and that there are more; each takes time, which all requests of the process wait for. */
const mostErrors = 100;

/** undefined: there are too many errors, as where reading had to stop. */
function stopAtTooMany<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof TooManyErrors) return undefined;
    throw error;
  }
}

function startPhase(
  config: ServerConfig,
  { overrides }: HtaccessFile,
  environment: NodeJS.ProcessEnv,
  mistakes: MistakeList,
): ReadPhase {
  const variables = new Variables(environment);
  for (const [name, value] of config.defines) variables.define(name, value === '' ? undefined : value);
  return {
    serverRoot: config.serverRoot,
    variables,
    macros: new Map(config.htaccess.macros.map((macro) => [macro.name.toLowerCase(), macro])),
    known: knownNames,
    mistakes,
    filesRead: [],
    permits: (name) => isOverridable(name, overrides),
  };
}

function createScope(
  config: ServerConfig,
  { directory, overrides, virtualHost }: HtaccessFile,
  environment: NodeJS.ProcessEnv,
  mistakes: MistakeList,
): Scope {
  const { authnAliases, authzAliases, handlerNames } = config.htaccess;
  const draft = createConfigDraft({
    serverRoot: config.serverRoot,
    configFile: config.configFile,
    environment,
    mistakes,
    knowsModule: (name) => knownModules.has(name),
  });
  return {
    draft: {
      ...draft,
      authnAliases: new Map(authnAliases),
      authzAliases: new Map(authzAliases),
      handlerNames: new Set(handlerNames),
      htaccess: { directory, overrides },
    },
    server: createServerDraft(virtualHost.id, virtualHost.position, []),
    section: createSectionDraft(),
    enclosing: ['directory'],
  };
}
