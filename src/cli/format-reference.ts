import type { PrintedDefinition } from './format-definitions.js';

/** What the page of mistakes needs of each kind. */
export interface PrintedMistakeCode {
  readonly code: string;
  readonly title: string;
  /** Markdown. */
  readonly explanation: string;
}

/** `docs/errors.md`. */
export function formatErrorPage(codes: readonly PrintedMistakeCode[]): string {
  const sorted = [...codes].sort((a, b) => (a.code < b.code ? -1 : 1));
  const entries = sorted.map(
    ({ code, title, explanation }) => `## ${code}\n\n**${escapeMarkup(title)}.** ${explanation}\n`,
  );
  return `# Mistakes in a site file

<!-- Made from src/config/mistake-codes.ts by \`npm run docs\`. -->

Each message of \`modhost -t\`, and of a start that is refused, names the place, the line with the word that is meant, and a code:

\`\`\`
/srv/site.conf:12:5: error MH0401: Lisen: is not a known directive; did you mean 'Listen'?
  12 |     Lisen 8080
     |     ^^^^^
\`\`\`

An error keeps modhost from starting, a warning does not. Codes never change their meaning. \`modhost -t --json\` prints the same as a
JSON list, for editors and CI: \`file\`, \`line\`, \`column\` (from 1, in UTF-16 units), \`endColumn\` (behind the last character), \`code\`,
\`severity\`, \`directive\`, \`message\`, \`suggestion\`. A mistake of a whole file has no line.

${entries.join('\n')}`;
}

/** `docs/directives.md`. */
export function formatDirectivePage(definitions: readonly PrintedDefinition[]): string {
  const sorted = [...definitions].sort((a, b) => compareNames(a.name, b.name));
  const honoured = sorted.filter((definition) => definition.class === 'honoured');
  const others = sorted.filter((definition) => definition.class !== 'honoured');
  return `# Directives

<!-- Made from src/config/directives/ by \`npm run docs\`. -->

Every directive and section of Apache 2.4 and mod_wsgi is known. What modhost makes of each:

- **honoured**: carried out, as Apache does.
- **accepted**: it has nothing to do here, and nothing is missed.
- **ignored**: an effect is missing that has nothing to do with safety; a warning says so.
- **refused**: missing, and starting without it would be unsafe; modhost does not start.

Where it may stand: **s** outside every section, **v** directly in \`<VirtualHost>\`, **d** in \`<Directory>\`, \`<Files>\`, \`<Location>\` and their kin. In a \`.htaccess\` file
it may stand where \`AllowOverride\` names one of the classes of the last column but one (\`any\`: any of them), or \`AllowOverrideList\` the directive.

## Honoured

| Directive | Arguments | Default | Where | Module | .htaccess | |
| --- | --- | --- | --- | --- | --- | --- |
${honoured.map(formatHonoured).join('\n')}

## Others

| Directive | Class | Where | Module | .htaccess | |
| --- | --- | --- | --- | --- | --- |
${others.map(formatOther).join('\n')}
`;
}

function formatHonoured(definition: PrintedDefinition): string {
  const { module, doc } = definition;
  const words = definition.arguments === '' ? '' : code(definition.arguments);
  const usual = definition.default === undefined ? '' : code(definition.default);
  return row([
    code(nameOf(definition)),
    words,
    usual,
    placesOf(definition),
    module,
    overridesOf(definition),
    escapeMarkup(doc),
  ]);
}

function formatOther(definition: PrintedDefinition): string {
  const { module, doc } = definition;
  const name = code(nameOf(definition));
  return row([
    name,
    definition.class,
    placesOf(definition),
    module,
    overridesOf(definition),
    escapeMarkup(`${doc}.`),
  ]);
}

function nameOf({ name }: PrintedDefinition): string {
  return name.startsWith('<') ? `${name}>` : name;
}

function placesOf({ contexts }: PrintedDefinition): string {
  const letters = { server: 's', 'virtual-host': 'v', section: 'd' } as const;
  return contexts.map((context) => letters[context]).join('');
}

function overridesOf({ overrides = new Set() }: PrintedDefinition): string {
  return overrides.size === 5 ? 'any' : [...overrides].join(', ');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** In tables a bar ends the cell even inside backquotes. */
function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

function escapeMarkup(text: string): string {
  return text.replace(/[|*_<>[\]]/g, '\\$&');
}

/** Sections among the directives, by their names. */
function compareNames(a: string, b: string): number {
  const [left = '', right = ''] = [a, b].map((name) => name.replace('<', '').toLowerCase());
  return left < right ? -1 : left === right ? 0 : 1;
}
