import { hidden, isSecretName } from '../log/index.js';
import type { RewriteCondition, Template } from './model.js';
import type { Run } from './run.js';

const secretTemplates = new WeakMap<Template, boolean>();

/** What a template has become, as it may be logged: without what holds a variable, a field or cookies that nobody should read. */
export function showText(template: Template | undefined, text: string, run: Run): string {
  const isSecret = run.holdsSecret || (template !== undefined && readsSecret(template, run));
  return isSecret && text !== '' ? hidden : text;
}

/** What the rules have made so far, as it may be logged. */
export function showMade(text: string, { holdsSecret }: Pick<Run, 'holdsSecret'>): string {
  return holdsSecret && text !== '' ? hidden : text;
}

/** Whether what a template becomes holds what nobody should read: by a name in it, or by what the run has put in such a place. */
export function readsSecret(template: Template, run: Run): boolean {
  if (run.holdsSecret) return true;
  const isSecret = secretTemplates.get(template) ?? namesSecret(template);
  secretTemplates.set(template, isSecret);
  return isSecret || borrowsSecret(template, run);
}

/** Whether what the pattern of a condition caught may be part of such a value. */
export function catchesSecret({ subject, test, text }: RewriteCondition, run: Run): boolean {
  if (test.kind !== 'expression') return subject !== undefined && readsSecret(subject, run);
  // By its words: an expression names what it reads in many ways, and hiding too much does no harm.
  const words = text.match(/[\w-]+/g) ?? [];
  return run.holdsSecret || words.some((word) => isSecretName(word) || run.isSecretVariable(word));
}

function namesSecret(template: Template): boolean {
  return template.some((part) => {
    switch (part.kind) {
      case 'variable':
      case 'header':
      case 'environment':
      case 'tls':
      case 'look-ahead':
        return isSecretName(part.name);
      case 'map':
        return namesSecret(part.key) || namesSecret(part.fallback);
      default:
        return false;
    }
  });
}

/** What the rule's own pattern caught is secret only where its subject is, and then everything is hidden anyway. */
function borrowsSecret(template: Template, run: Run): boolean {
  return template.some((part) => {
    switch (part.kind) {
      case 'group':
        return part.of === 'condition' && run.hasCaughtSecret;
      case 'environment':
        return run.isSecretVariable(part.name);
      case 'map':
        return borrowsSecret(part.key, run) || borrowsSecret(part.fallback, run);
      default:
        return false;
    }
  });
}

/** The name of a variable as runs keep it, also behind an internal redirect. */
export function variableKey(name: string): string {
  return name.toLowerCase().replace(/^(?:redirect_)+/, '');
}

/** Whether it is one of the variables that rules put such a thing in. */
export function isNamedIn(secretVariables: readonly string[], name: string): boolean {
  return secretVariables.length > 0 && secretVariables.includes(variableKey(name));
}
