/** What the printers need of a directive's definition in `config/`. */
export interface PrintedDefinition {
  /** Sections with their bracket: `<Directory`. */
  readonly name: string;
  /** Without `mod_`. */
  readonly module: string;
  readonly contexts: readonly ('server' | 'virtual-host' | 'section')[];
  /** Classes of AllowOverride; absent: not in .htaccess. */
  readonly overrides?: ReadonlySet<string>;
  readonly arguments: string;
  readonly doc: string;
  readonly default?: string;
  readonly class: 'honoured' | 'accepted' | 'ignored' | 'refused';
}

/** What -L prints: each directive with its module, arguments, a sentence, and where it may stand. */
export function formatDirectives(definitions: readonly PrintedDefinition[]): string {
  return definitions.map(formatDirective).join('');
}

/** What -M prints: the modules whose directives have their effect here; names without `_module`. */
export function formatModules(modules: Iterable<string>): string {
  return `Loaded Modules:
${[...modules]
  .map(
    (name) => ` ${name}_module (static)
`,
  )
  .join('')}`;
}

function formatDirective(definition: PrintedDefinition): string {
  const { name, module, doc } = definition;
  const closing = name.startsWith('<') ? '>' : '';
  const lines = [
    `${name} (${module})`,
    `\t${doc}`,
    `\t${name} ${definition.arguments}`.trimEnd() + closing,
    `\t${describeContexts(definition)}${definition.overrides ? ' and in .htaccess' : ''}`,
    ...(definition.overrides ? [`\twhen AllowOverride ${describeOverrides(definition.overrides)}`] : []),
    ...describeClass(definition),
  ];
  return `${lines.join('\n')}\n`;
}

function describeContexts({ contexts }: PrintedDefinition): string {
  const section = contexts.includes('section');
  const server = contexts.includes('server');
  const virtualHost = contexts.includes('virtual-host');
  if (section && server) return 'Allowed in *.conf anywhere';
  if (section) return 'Allowed in *.conf only inside <Directory>, <Files> or <Location>';
  if (server && virtualHost) return 'Allowed in *.conf only outside <Directory>, <Files> or <Location>';
  if (virtualHost) return 'Allowed in *.conf only directly inside <VirtualHost>';
  return 'Allowed in *.conf only outside <VirtualHost>, <Directory>, <Files> or <Location>';
}

/** Of all five classes it takes any. */
function describeOverrides(classes: ReadonlySet<string>): string {
  return classes.size === 5 ? "isn't None" : `includes ${[...classes].join(' or ')}`;
}

function describeClass(definition: PrintedDefinition): string[] {
  switch (definition.class) {
    case 'honoured':
      return [];
    case 'accepted':
      return ['\tAccepted; there is nothing for it to do in modhost'];
    case 'ignored':
      return ['\tNot carried out: ignored with a warning'];
    case 'refused':
      return ['\tNot carried out: modhost refuses to start with it'];
  }
}
